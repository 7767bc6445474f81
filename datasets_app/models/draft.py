"""What somebody has typed and not saved: kept by the server as well, so that it waits in every browser of theirs."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.db import models
from django.utils import timezone

from ftstudio.fields import OrderedJSONField

from .sample import Sample

GRAVESTONES = timedelta(hours=1)  # how long a draft that was dealt with is remembered


class DraftQuerySet(models.QuerySet["Draft"]):
    def open(self) -> DraftQuerySet:
        """Those that hold text still to be saved."""
        return self.filter(base_revision__gt=0)

    def clear_settled(self) -> int:
        """Forget the old gravestones. Returns how many."""
        return self.filter(base_revision=0, at__lt=timezone.now() - GRAVESTONES).delete()[0]


class Draft(models.Model):
    """`fields` are the desk's form fields, {name: [value, …]}. `sequence` grows with every keystroke that was kept
    (milliseconds of the browser's clock): an older draft never replaces a newer one.

    A draft that was saved or thrown away stays for a while as a gravestone (`base_revision` 0, no fields), so that a
    copy of it that was still on its way is not taken for a new one. `services.drafts` is the only reader and writer.
    """

    sample = models.ForeignKey(Sample, models.CASCADE, related_name="drafts", db_index=False)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    base_revision = models.PositiveIntegerField()
    fields = OrderedJSONField(default=dict)
    sequence = models.BigIntegerField(default=0)
    window = models.CharField(max_length=40, blank=True, db_default="")  # which of the person's windows it is from
    at = models.DateTimeField(auto_now=True)

    objects = DraftQuerySet.as_manager()

    class Meta:
        ordering = ("-at",)
        constraints = (models.UniqueConstraint(fields=("sample", "by"), name="one_draft_per_person"),)

    def __str__(self) -> str:
        return f"draft of {self.by_id} on {self.sample_id}"

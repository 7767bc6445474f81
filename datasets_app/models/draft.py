"""What somebody has typed and not saved: kept by the server as well, so that it waits in every browser of theirs."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from ftstudio.fields import OrderedJSONField

from .sample import Sample


class Draft(models.Model):
    """`fields` are the desk's form fields by name. `sequence` grows with every keystroke that was kept (milliseconds
    of the browser's clock): an older draft never replaces a newer one."""

    sample = models.ForeignKey(Sample, models.CASCADE, related_name="drafts", db_index=False)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    base_revision = models.PositiveIntegerField()
    fields = OrderedJSONField(default=dict)
    sequence = models.BigIntegerField(default=0)
    at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ("-at",)
        constraints = (models.UniqueConstraint(fields=("sample", "by"), name="one_draft_per_person"),)

    def __str__(self) -> str:
        return f"draft of {self.by_id} on {self.sample_id}"

"""A sample whose right answer is known, shown now and then as if it were a new one."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from ftstudio.accounts.models.project import InProjectQuerySet

from .dataset import Dataset
from .decision import Verdict
from .sample import Sample


class GoldQuerySet(InProjectQuerySet):
    project_path = "dataset__project"


class Gold(models.Model):
    """People are shown revision `shown` and should come to `verdict` and, where that is accept, to `payload`
    (storage text of core/samples). What they did is an Annotation of kind gold; the sample itself stays as it is."""

    dataset = models.ForeignKey(Dataset, models.CASCADE, related_name="gold", db_index=False)
    sample = models.OneToOneField(Sample, models.CASCADE, related_name="gold")
    shown = models.PositiveIntegerField(default=1)
    verdict = models.CharField(max_length=10, choices=Verdict.choices)
    payload = models.TextField()
    content_hash = models.CharField(max_length=64)
    note = models.CharField(max_length=300, blank=True)
    active = models.BooleanField(default=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField(auto_now_add=True)

    objects = GoldQuerySet.as_manager()

    class Meta:
        ordering = ("id",)
        indexes = (models.Index(fields=("dataset", "active"), name="gold_by_dataset"),)

    def __str__(self) -> str:
        return f"gold on {self.sample_id}"

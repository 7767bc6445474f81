"""A lead's word that a rule's finding on a sample may pass, with the reason."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from ftstudio.accounts.models.project import InProjectQuerySet

from .dataset import Dataset
from .sample import Sample


class WaiverQuerySet(InProjectQuerySet):
    project_path = "dataset__project"


class Waiver(models.Model):
    """Holds for one rule on one sample, through later revisions, until it is taken back (then the row is deleted)."""

    dataset = models.ForeignKey(Dataset, models.CASCADE, related_name="waivers", db_index=False)
    sample = models.ForeignKey(Sample, models.CASCADE, related_name="waivers", db_index=False)
    rule = models.CharField(max_length=40)
    reason = models.CharField(max_length=300)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField(auto_now_add=True)

    objects = WaiverQuerySet.as_manager()

    class Meta:
        ordering = ("-id",)
        constraints = (models.UniqueConstraint(fields=("sample", "rule"), name="one_waiver_per_rule"),)
        indexes = (models.Index(fields=("dataset", "rule"), name="waiver_by_rule"),)

    def __str__(self) -> str:
        return f"{self.rule} on {self.sample_id}"

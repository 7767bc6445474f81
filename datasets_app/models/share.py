"""A share of a dataset's queue that is kept for one person."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from ftstudio.accounts.models.project import InProjectQuerySet

from .dataset import Dataset


class ShareQuerySet(InProjectQuerySet):
    project_path = "dataset__project"


class Share(models.Model):
    """Samples whose position modulo 100 lies in `start` … `start + percent - 1` go to this person alone."""

    dataset = models.ForeignKey(Dataset, models.CASCADE, related_name="shares")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", db_index=False)
    start = models.PositiveSmallIntegerField()
    percent = models.PositiveSmallIntegerField()

    objects = ShareQuerySet.as_manager()

    class Meta:
        ordering = ("start",)
        constraints = (models.UniqueConstraint(fields=("dataset", "person"), name="one_share_per_person"),)

    def __str__(self) -> str:
        return f"{self.percent} % for {self.person_id}"

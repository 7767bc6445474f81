"""A version of a dataset's guideline. `Dataset.guideline` and `guideline_version` repeat the newest one."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from ftstudio.accounts.models.project import InProjectQuerySet

from .dataset import Dataset


class GuidelineQuerySet(InProjectQuerySet):
    project_path = "dataset__project"


class Guideline(models.Model):
    """Markdown. Decisions and revisions carry the number that was in force."""

    dataset = models.ForeignKey(Dataset, models.CASCADE, related_name="guidelines", db_index=False)
    number = models.PositiveIntegerField()
    text = models.TextField(blank=True)
    note = models.CharField(max_length=300, blank=True)  # what changed, in the author's words
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", db_index=False)
    at = models.DateTimeField(auto_now_add=True)

    objects = GuidelineQuerySet.as_manager()

    class Meta:
        ordering = ("-number",)
        constraints = (models.UniqueConstraint(fields=("dataset", "number"), name="one_guideline_per_number"),)

    def __str__(self) -> str:
        return f"guideline {self.number}"

"""What a model of a task must reach before it may go into production: set before anything is measured."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from datasets_app.models import Dataset
from ftstudio.accounts.models.project import InProjectQuerySet, Project
from ftstudio.fields import OrderedJSONField


class ReleaseGate(models.Model):
    """One per dataset. `conditions` are shown in their order, `least_cases` is what an evaluation must have to count.

    A condition is `core.gates.Condition` as data: `{"metric", "bound": "low" | "value", "limit": number or None,
    "not_worse": bool, "margin": number or None}`.
    """

    project = models.ForeignKey(Project, models.CASCADE, related_name="release_gates")
    dataset = models.OneToOneField(Dataset, models.CASCADE, related_name="release_gate")
    conditions = OrderedJSONField(default=list)
    least_cases = models.PositiveIntegerField(default=100)
    updated_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    updated_at = models.DateTimeField(auto_now=True)

    objects = InProjectQuerySet.as_manager()

    def __str__(self) -> str:
        return f"{self.dataset_id}"

"""A random handful of samples that a person looks at again, to estimate how many of all are wrong."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models

from ftstudio.accounts.models.project import InProjectQuerySet
from ftstudio.fields import OrderedJSONField

from .dataset import Dataset
from .sample import Sample


class SpotCheckQuerySet(InProjectQuerySet):
    project_path = "dataset__project"


class SpotCheck(models.Model):
    """`size` samples were drawn with `seed` out of the `population` that passed `filter` at that time."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    dataset = models.ForeignKey(Dataset, models.CASCADE, related_name="spot_checks")
    filter = OrderedJSONField(default=dict)
    seed = models.PositiveIntegerField()
    size = models.PositiveIntegerField()
    population = models.PositiveIntegerField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField(auto_now_add=True)

    objects = SpotCheckQuerySet.as_manager()

    class Meta:
        ordering = ("-at",)

    def __str__(self) -> str:
        return f"{self.size} of {self.population}"


class SpotCheckEntryQuerySet(InProjectQuerySet):
    project_path = "spot_check__dataset__project"


class SpotCheckEntry(models.Model):
    """One drawn sample, as it was then, and what was found."""

    spot_check = models.ForeignKey(SpotCheck, models.CASCADE, related_name="entries", db_index=False)
    number = models.PositiveIntegerField()  # 1-based, in the order of the draw
    sample = models.ForeignKey(Sample, models.CASCADE, related_name="+")
    revision_number = models.PositiveIntegerField()
    right = models.BooleanField(null=True)  # NULL: not looked at yet
    note = models.CharField(max_length=300, blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", db_index=False)
    at = models.DateTimeField(null=True, blank=True)

    objects = SpotCheckEntryQuerySet.as_manager()

    class Meta:
        ordering = ("number",)
        constraints = (models.UniqueConstraint(fields=("spot_check", "number"), name="one_spot_check_per_number"),)

    def __str__(self) -> str:
        return f"{self.number}: {self.right}"

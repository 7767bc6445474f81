"""The curve of a run that was made elsewhere, so that it can be read, judged and compared like a job's."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from ftstudio.accounts.models.project import InProjectQuerySet, Project
from ftstudio.fields import OrderedJSONField


class ImportedRun(models.Model):
    """`points` is written once and read whole: {figure: [[step, value], …]}, a value that is no number as its name."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    project = models.ForeignKey(Project, models.CASCADE, related_name="imported_runs")
    name = models.CharField(_("name"), max_length=200)
    note = models.CharField(_("note"), max_length=300, blank=True)
    source = models.CharField(max_length=200, blank=True)  # the file's name
    sha256 = models.CharField(max_length=64)
    columns = OrderedJSONField(default=dict)  # header → figure
    counted_in = models.CharField(max_length=10, default="step")  # or "epoch": the table had no steps
    points = OrderedJSONField(default=dict)
    steps = models.PositiveIntegerField(default=0)  # the last one
    figures = models.PositiveIntegerField(default=0)
    recipe = OrderedJSONField(default=dict)  # what is known of its settings, for comparison
    rows_train = models.PositiveIntegerField(null=True, blank=True)
    rows_validation = models.PositiveIntegerField(null=True, blank=True)
    epochs = models.FloatField(null=True, blank=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    objects = InProjectQuerySet.as_manager()

    class Meta:
        ordering = ("-created_at",)
        indexes = (models.Index(fields=("project", "-created_at"), name="imported_run_by_project"),)

    def __str__(self) -> str:
        return self.name

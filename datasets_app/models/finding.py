"""What a rule said about a revision, as a row. `FindingRow`, because `core.findings.Finding` is the value."""

from __future__ import annotations

from typing import Any

from django.db import models

from ftstudio.accounts.models.project import InProjectQuerySet
from ftstudio.fields import OrderedJSONField

from .dataset import Dataset
from .revision import Revision
from .sample import Sample


class FindingRowQuerySet(InProjectQuerySet):
    project_path = "dataset__project"

    def current(self) -> Any:
        """Findings of the revisions that samples show now; older ones are kept as history."""
        return self.filter(current=True)


class FindingRow(models.Model):
    dataset = models.ForeignKey(Dataset, models.CASCADE, related_name="+", db_index=False)
    sample = models.ForeignKey(Sample, models.CASCADE, related_name="findings")
    revision = models.ForeignKey(Revision, models.CASCADE, related_name="findings")
    current = models.BooleanField(default=True)
    rule = models.CharField(max_length=40)
    severity = models.CharField(max_length=10)
    path = models.CharField(max_length=300, blank=True)
    start = models.PositiveIntegerField(null=True)
    end = models.PositiveIntegerField(null=True)
    message = OrderedJSONField()  # {"template", "params"}
    fix = OrderedJSONField(null=True)  # {"start", "end", "replacement"}
    rule_set_version = models.CharField(max_length=12, blank=True)
    waived = models.BooleanField(default=False)  # a lead let it pass: it counts neither in `worst` nor in counters

    objects = FindingRowQuerySet.as_manager()

    class Meta:
        verbose_name = "finding"
        ordering = ("id",)
        indexes = (
            models.Index(
                fields=("dataset", "rule", "sample", "waived"),
                name="current_finding_by_rule",
                condition=models.Q(current=True),
            ),
        )

    def __str__(self) -> str:
        return f"{self.rule} ({self.severity})"

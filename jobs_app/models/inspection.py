"""A snapshot gone through under the rules of the provider that is to train on it."""

from __future__ import annotations

import uuid
from typing import Any

from django.db import models

from datasets_app.models.lease import Leased, LeasedQuerySet
from datasets_app.models.snapshot import Snapshot
from ftstudio.fields import OrderedJSONField
from jobs_app.core.lengths import Lengths


class InspectionQuerySet(LeasedQuerySet):
    project_path = "snapshot__dataset__project"

    def unfinished(self) -> Any:
        return self.filter(state=Inspection.WAITING)


class Inspection(Leased):
    """One for each snapshot, rule profile and base model (its vocabulary counts, its limit cuts).

    `position` is how far it came: a killed worker's successor goes on from there. `version` is the checker's: when
    rules change, the inspection begins anew.
    """

    WAITING, DONE, FAILED = "waiting", "done", "failed"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    snapshot = models.ForeignKey(Snapshot, models.CASCADE, related_name="inspections")
    profile = models.CharField(max_length=40)
    base_model = models.CharField(max_length=200, blank=True)
    version = models.CharField(max_length=12)
    state = models.CharField(max_length=10, default=WAITING)
    position = models.PositiveIntegerField(default=0)
    rows = models.PositiveIntegerField(default=0)
    # rule → {"severity", "rows", "waived", "positions": the first few samples', "message": the first}
    findings = OrderedJSONField(default=dict)
    lengths = OrderedJSONField(default=dict)  # side → {tokens of a row: rows}, keys as text
    traits = OrderedJSONField(default=dict)  # rows with "tools", "images", a "pair"; "shared" by both sides
    encoder = models.CharField(max_length=40, blank=True)  # whose tokens were counted
    exact = models.BooleanField(default=False)  # as the base model counts them itself
    limit = models.PositiveIntegerField(null=True, blank=True)  # tokens of one row that the trainer takes
    asked_at = models.DateTimeField(auto_now_add=True)
    done_at = models.DateTimeField(null=True, blank=True)

    objects = InspectionQuerySet.as_manager()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("snapshot", "profile", "base_model"), name="one_inspection_per_target"),
        )

    def __str__(self) -> str:
        return f"{self.snapshot} / {self.profile}"

    @property
    def is_done(self) -> bool:
        return self.state == self.DONE

    def lengths_of(self, side: str) -> Lengths:
        return Lengths({int(tokens): n for tokens, n in self.lengths.get(side, {}).items()})

    @property
    def errors(self) -> dict[str, int]:
        """rule → rows that it calls wrong and that nobody lets pass."""
        return {
            rule: found["rows"] - found.get("waived", 0)
            for rule, found in self.findings.items()
            if found["severity"] == "error" and found["rows"] > found.get("waived", 0)
        }

    @property
    def warnings(self) -> int:
        """Rules that find something which a trainer takes all the same."""
        return sum(found["severity"] != "error" for found in self.findings.values())

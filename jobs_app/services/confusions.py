"""Which labels a model takes for which, in an evaluation of a task with labels."""

from __future__ import annotations

from typing import Any

from jobs_app.core.confusion import GIVEN, Label, confusion
from jobs_app.models import Arm, Evaluation, Outcome

METRIC = GIVEN.partition(".")[0]


def confusion_of(evaluation: Evaluation, arm: Arm) -> list[Label]:
    """One row for each label that was wanted or given; [] where the evaluation was not measured by it."""
    labels: Any = evaluation.contract.get("labels") or {}
    if METRIC not in evaluation.metrics or not labels.get("values"):
        return []
    scores = Outcome.objects.filter(arm=arm, arm__evaluation=evaluation).exclude(verdict="").order_by()
    return confusion(labels["values"], scores.values_list("scores", flat=True).iterator(1000))

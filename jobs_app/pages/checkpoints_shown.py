"""A job's checkpoints on its page: which is the best, by its loss and by the task's own metric."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ftstudio.web.texts import say
from jobs_app.core import charts
from jobs_app.models import Checkpoint, ModelVersion
from jobs_app.services.readings import Reading

from .curves import marks_of


@dataclass(frozen=True, slots=True)
class Saved:
    """A checkpoint in the table: whether it is the one with the lowest loss, its model version, once registered, and
    what an evaluation says of it, with whether it is the best by that."""

    checkpoint: Checkpoint
    is_best: bool
    version: ModelVersion | None
    mark: charts.Mark | None = None
    is_top: bool = False


def checkpoints_of(reading: Reading) -> list[Saved]:
    """A job's checkpoints; the best is the one with the lowest validation loss of its own or of its step."""
    rows = list(reading.row.checkpoints.order_by("step", "pk"))
    valid = dict(reading.valid)
    losses = [(loss, row.step) for row in rows if (loss := row.valid_loss or valid.get(row.step)) is not None]
    best = min(losses)[1] if len(losses) > 1 else None
    registered = {version.model: version for version in reading.row.model_versions.all()} if rows else {}
    marks = {mark.step: mark for mark in reading.marks}
    top = top_of(reading)
    return [
        Saved(
            row, row.step == best, registered.get(row.model), marks.get(row.step), top is not None and row.step == top
        )
        for row in rows
    ]


def top_of(reading: Reading) -> int | None:
    """The step that is best by the task's own metric, the earliest of equals; None before two were measured."""
    if len(reading.marks) < 2:
        return None
    return max(reading.marks, key=lambda mark: (mark.value, -mark.step)).step


def preferred(rows: Sequence[Saved], reading: Reading) -> Saved | None:
    """The checkpoint to use: the best by the task where that was measured, else the one with the lowest loss."""
    by_task = top_of(reading) is not None
    return next((row for row in rows if (row.is_top if by_task else row.is_best)), None)


def measured_of(reading: Reading) -> dict[str, Any] | None:
    """The evaluation that the marks are from, its metric, and the mark of the final model where it stands alone."""
    marked = reading.marked
    if marked is None:
        return None
    return {
        "evaluation": marked.evaluation, "number": marked.number, "metric": say(marks_of(reading)[0].label),
        "side": marked.side, "top": top_of(reading),
        "rest": [mark for mark in reading.marks if mark.step not in reading.checkpoints],
    }  # fmt: skip

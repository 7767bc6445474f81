"""What evaluations say of the checkpoints of a job, as marks on the axis of its curves, and of the jobs of a family."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from ftstudio.errors import Text
from jobs_app.core.cases import HELD_OUT
from jobs_app.core.charts import Mark
from jobs_app.core.gates import is_rate
from jobs_app.core.scorers import SCORERS
from jobs_app.models import Arm, Evaluation, Job, JobFamily
from jobs_app.models.asking import AskingState


@dataclass(frozen=True, slots=True)
class Marked:
    """The marks of one job, in the order of their steps, and the evaluation that they come from: all of one, because
    rates over other cases cannot be set beside each other."""

    evaluation: UUID
    number: int
    side: str
    metric: str
    marks: tuple[Mark, ...]


def of_jobs(jobs: Sequence[Job], last: Mapping[UUID, int]) -> dict[UUID, Marked]:
    """The marks of each job that has any, with one query. `last` is the step at which a job's final model stands.

    Of several evaluations the one that measured the most checkpoints speaks, of those the newest. An evaluation on the
    training side says nothing here.
    """
    rows = (
        Arm.objects.filter(version__job__in=jobs, state=AskingState.DONE)
        .filter(evaluation__state=AskingState.DONE, evaluation__side__in=HELD_OUT)
        .order_by("evaluation__created_at", "number")
        .values_list(
            "version__job_id",
            "version__checkpoint__step",
            "scores",
            "evaluation_id",
            "evaluation__number",
            "evaluation__side",
            "evaluation__metrics",
        )
    )
    found: dict[UUID, dict[UUID, Marked]] = defaultdict(dict)
    for job_id, step, scores, evaluation, number, side, metrics in rows:
        metric = deciding(metrics)
        figure = (scores or {}).get(metric) or {}
        if metric is None or figure.get("value") is None:
            continue
        before = found[job_id].get(evaluation)
        at = last.get(job_id, 0) if step is None else step
        marks = {mark.step: mark for mark in (before.marks if before else ())} | {at: mark_of(metric, at, figure)}
        in_order = tuple(marks[place] for place in sorted(marks))
        found[job_id][evaluation] = Marked(evaluation, number, side, metric, in_order)
    # The dicts are in the order of the evaluations, and `max` keeps the first of equals: so the newest comes first.
    return {
        job_id: max(reversed(several.values()), key=lambda one: len(one.marks)) for job_id, several in found.items()
    }


@dataclass(frozen=True, slots=True)
class Scored:
    """What the newest evaluation of a family says of its jobs: job → value, interval and cases, as a mark."""

    evaluation: UUID
    number: int
    side: str
    metric: str
    marks: Mapping[UUID, Mark]

    @property
    def label(self) -> Text | str:
        return label_of(self.metric)


def of_family(family: JobFamily) -> Scored | None:
    """What the newest finished evaluation of the family's models on held-out cases found, by the first rate that
    decides; one query. The `step` of a mark is the number of its arm."""
    newest = (
        Evaluation.objects.filter(family=family, state=AskingState.DONE, side__in=HELD_OUT)
        .order_by("-number")
        .values("pk")[:1]
    )
    rows = Arm.objects.filter(evaluation__in=newest, state=AskingState.DONE, version__checkpoint=None)
    columns = ("version__job_id", "number", "scores", "evaluation_id", "evaluation__number", "evaluation__side",
               "evaluation__metrics")  # fmt: skip
    found: dict[UUID, Mark] = {}
    head: tuple[UUID, int, str, str] | None = None
    for job_id, at, scores, evaluation, number, side, metrics in rows.order_by("number").values_list(*columns):
        metric = deciding(metrics)
        figure = (scores or {}).get(metric) or {}
        if job_id is None or metric is None or figure.get("value") is None:
            continue
        head = (evaluation, number, side, metric)
        found[job_id] = mark_of(metric, at, figure)
    return Scored(*head, found) if head else None


def deciding(metrics: Sequence[str]) -> str | None:
    """The first metric of an evaluation that is a rate of which more is better: what a curve can be held against."""
    known = (SCORERS[name] for name in metrics if name in SCORERS)
    return next((one.name for one in known if is_rate(one) and one.better == "higher"), None)


def mark_of(metric: str, step: int, figure: Mapping[str, Any]) -> Mark:
    """The mark of a figure as `Arm.scores` keeps it."""
    return Mark(
        step, float(figure["value"]), label_of(metric), figure.get("low"), figure.get("high"),
        figure.get("applicable", figure.get("n")),
    )  # fmt: skip


def label_of(metric: str) -> Text | str:
    return SCORERS[metric].label if metric in SCORERS else metric

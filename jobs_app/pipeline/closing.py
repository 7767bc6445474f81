"""The end of an evaluation: once none of its models is asked any more, what they came to is written down, exactly once.

Kill-safe by being looked for: an evaluation that has not ended and whose arms all have is closed by whoever comes next.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from jobs_app.core.comparison import Comparison
from jobs_app.models import Advice, Arm, Evaluation
from jobs_app.models.asking import AskingState

from . import leaf_paths
from .comparing import Answers

UNFINISHED = (AskingState.WAITING, AskingState.RUNNING)


def to_close() -> QuerySet[Evaluation]:
    """Evaluations that have not ended although all of their arms have."""
    asking = Arm.objects.filter(evaluation=OuterRef("pk"), state__in=UNFINISHED)
    return Evaluation.objects.filter(~Exists(asking), state__in=UNFINISHED)


def close(evaluation_id: UUID | str) -> bool:
    """Close it if nothing of it is asked any more; whether this call has. Safe at any time, any number of times."""
    evaluation = to_close().filter(pk=evaluation_id).first()
    if evaluation is None:
        return False
    arms = list(evaluation.arms.select_related("connection").defer("connection__credential").order_by("number"))
    answers = Answers(evaluation)
    found = answers.changes()  # outside of a transaction: it takes a while
    verdict = answers.verdict(found)
    figures = {
        arm.pk: {
            "scores": answers.summaries(arm.number),
            "changes": _changes(found, arm),
            "paths": leaf_paths.found(evaluation, arm).as_data(),
        }
        for arm in arms
    }
    with transaction.atomic():
        rows = Arm.objects.select_for_update().filter(evaluation=evaluation).order_by("pk")  # before the evaluation
        if dict(rows.values_list("pk", "finished_at")) != {arm.pk: arm.finished_at for arm in arms}:
            return False  # closed, asked again and ended once more meanwhile: these figures are of before
        ended = {"state": _state(arms), "finished_at": timezone.now(), "verdict": verdict}
        if to_close().filter(pk=evaluation.pk).update(**ended) != 1:
            return False
        for pk in sorted(figures):
            Arm.objects.filter(pk=pk).update(**figures[pk])
        if evaluation.advice_id is not None:
            _hand_in(evaluation.advice_id, evaluation, arms)
    return True


def amend(evaluation_id: UUID) -> None:
    """Tell the record that wanted to know once more, after an answer that came too late to count was paid for."""
    evaluation = Evaluation.objects.exclude(advice=None).exclude(state__in=UNFINISHED).filter(pk=evaluation_id).first()
    if evaluation is None or evaluation.advice_id is None:
        return
    with transaction.atomic():
        _hand_in(evaluation.advice_id, evaluation, evaluation.arms.select_related("connection").order_by("number"))


def reopen(evaluation_id: UUID) -> bool:
    """Go on with one that has ended; False: it has not."""
    ended = Evaluation.objects.filter(pk=evaluation_id).exclude(state__in=UNFINISHED)
    return ended.update(state=AskingState.WAITING, finished_at=None, verdict={}) == 1


def _changes(found: Mapping[tuple[str, int], Comparison], arm: Arm) -> dict[str, Any]:
    """What `Arm.changes` keeps of an arm."""
    return {metric: change.as_data() for (metric, number), change in found.items() if number == arm.number}


def _state(arms: Iterable[Arm]) -> str:
    """Cancelled if a person has stopped an arm, done if one was measured to its end, else failed."""
    states = {arm.state for arm in arms}
    for state in (AskingState.CANCELLED, AskingState.DONE):
        if state in states:
            return state
    return AskingState.FAILED


def _hand_in(advice_id: UUID, evaluation: Evaluation, arms: Iterable[Arm]) -> None:
    """Write what was measured into the record that wanted to know, once, while that is open."""
    advice = Advice.objects.select_for_update().filter(pk=advice_id, filed_at=None).first()
    measured: list[dict[str, Any]] = []
    for arm in arms:
        if arm.asked and arm.state in (AskingState.DONE, AskingState.CANCELLED):
            arm.evaluation = evaluation
            measured.append(arm.summary)
    if advice is None or not measured:
        return
    kept = [row for row in advice.measured if row.get("evaluation") != str(evaluation.pk)]
    advice.measured = [*kept, *measured]
    advice.save(update_fields=["measured"])

"""Evaluations as rows of a list: each arm's rate with its interval, the verdict's word, what it cost."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from jobs_app.models import Evaluation
from jobs_app.services.evaluation_lists import Wanted, with_arms

from .evaluation_words import VERDICTS, Named, costs, named


@dataclass(frozen=True, slots=True)
class Figure:
    """An arm's value of the first metric with its interval; None while it is not measured."""

    arm: Named
    metric: str
    value: float | None
    low: float | None
    high: float | None
    is_grey: bool  # what others are compared with


@dataclass(frozen=True, slots=True)
class Row:
    """`verdict` is (word, tone), None where there is none yet or nothing to compare."""

    evaluation: Evaluation
    figures: list[Figure]
    verdict: tuple[Any, str] | None
    costs: list[tuple[Decimal, str]]
    asked: float  # of 1

    @property
    def is_rehearsal(self) -> bool:
        return all(figure.arm.arm.connection.is_rehearsal for figure in self.figures)


def rows_for(user: Any, most: int = 5, **narrowed: str) -> list[Row]:
    """The newest that a person may see, such as those of a `version`, for a panel on another page."""
    rows = Wanted(**narrowed).within(Evaluation.objects.visible_to(user)).select_related("dataset")
    return rows_of(with_arms(rows).order_by("-number")[:most])


def rows_of(evaluations: Iterable[Evaluation]) -> list[Row]:
    """The rows; the arms must have been read with their versions and connections."""
    return [_row(one) for one in evaluations]


def _row(evaluation: Evaluation) -> Row:
    arms = list(evaluation.arms.all())
    wanted = evaluation.total * len(arms)
    return Row(
        evaluation,
        [_figure(one, str(next(iter(evaluation.metrics), "")), len(arms)) for one in named(arms)],
        VERDICTS.get(evaluation.verdict.get("word", "")) if evaluation.verdict.get("n") else None,
        costs(arms),
        sum(arm.asked for arm in arms) / wanted if wanted else 0,
    )


def _figure(arm: Named, metric: str, arms: int) -> Figure:
    found = arm.arm.scores.get(metric) or {}
    return Figure(arm, metric, found.get("value"), found.get("low"), found.get("high"), arm.number == 0 and arms > 1)

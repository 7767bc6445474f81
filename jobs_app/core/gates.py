"""A release gate: what a model must reach before production, held against figures that have been measured.

A condition names a metric of the task. Its limit has to be reached by the end of the 95 % interval that speaks against
the model, or by the figure itself where somebody says so; and the model may be asked not to be worse than the one in
production on the same cases. What was not measured is not met, and is not called a failure either.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from ftstudio.errors import Text

from .scorers.base import Scorer

State = Literal["met", "unmet", "unmeasured"]
MET: State = "met"
UNMET: State = "unmet"
UNMEASURED: State = "unmeasured"
BOUNDS = LOW, VALUE = ("low", "value")
_Z = 1.959964
_SLACK = 1e-9  # a figure that is the limit but for the last bit reaches it


@dataclass(frozen=True, slots=True)
class Condition:
    """`limit` is a rate from 0 to 1, or an amount in the metric's unit: at least that much where higher is better, at
    most where lower is. `bound` "low": the end of the interval that speaks against the model must keep to it; "value":
    the figure itself. `margin`: how much may be lost against production at most, at the same end of the interval;
    None asks only that the model is not clearly worse."""

    metric: str
    bound: str = LOW
    limit: float | None = None
    not_worse: bool = False
    margin: float | None = None

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> Condition:
        """The inverse of `to_data`."""
        return cls(
            str(data.get("metric", "")), str(data.get("bound") or LOW), data.get("limit"),
            bool(data.get("not_worse")), data.get("margin"),
        )  # fmt: skip

    def to_data(self) -> dict[str, Any]:
        return {
            "metric": self.metric, "bound": self.bound, "limit": self.limit, "not_worse": self.not_worse,
            "margin": self.margin,
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Figure:
    """A metric of one model over `n` cases, with its 95 % interval; as `Arm.scores` keeps it."""

    value: float | None
    n: int
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class Versus:
    """The model against `name`, which is in production: the difference and its interval, and the word over it (as
    `core.comparison` gives them, positive where the model's figure is higher)."""

    name: str
    word: str
    n: int = 0
    difference: float | None = None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class Unknown:
    """Why the model cannot be held against the one in production."""

    says: Text
    do: Text | None = None


@dataclass(frozen=True, slots=True)
class Ruling:
    """One part of a condition, judged. `do` is what helps where it is not met."""

    metric: str
    part: Literal["limit", "not-worse"]
    state: State
    says: Text
    do: Text | None = None


def problem_of(condition: Condition, metric: Scorer) -> Text | None:
    """Why a condition cannot be one; None if it can."""
    if condition.limit is None and not condition.not_worse:
        return Text("Say what has to be reached, or that the model must not be worse.")
    if condition.bound not in BOUNDS:
        return Text("Choose the end of the interval or the figure itself.")
    for number in (condition.limit, condition.margin):
        if number is None:
            continue
        if isinstance(number, bool) or not isinstance(number, int | float) or not math.isfinite(number) or number < 0:
            return Text("Give a number from 0 upwards.")
        if is_rate(metric) and number > 1:
            return Text("It lies between 0 and 100 %.") if in_percent(metric) else Text("It lies between 0 and 1.")
    return None


def is_rate(metric: Scorer) -> bool:
    """Whether its figures lie between 0 and 1."""
    return metric.kind in ("pass", "share")


def in_percent(metric: Scorer) -> bool:
    """Whether a figure of 0.5 is shown, and typed, as 50."""
    return metric.unit == "%"


def rulings(
    conditions: Sequence[Condition],
    metrics: Mapping[str, Scorer],
    figures: Mapping[str, Figure],
    versus: Mapping[str, Versus] | Unknown | None,
) -> list[Ruling]:
    """Every part of every condition, judged. `versus` by metric; None: nothing is in production."""
    found = []
    for condition in conditions:
        metric = metrics.get(condition.metric)
        if metric is None:
            gone = Text("No metric is called “{name}” any more.", name=condition.metric)
            found.append(Ruling(condition.metric, "limit", UNMEASURED, gone, Text("Change the gate.")))
            continue
        if condition.limit is not None:
            found.append(_limit(condition, metric, figures.get(condition.metric)))
        if condition.not_worse:
            found.append(_not_worse(condition, metric, versus))
    return found


def state_of(found: Sequence[Ruling]) -> State:
    """One word over them all: a part that failed decides, then one that nobody measured."""
    states = {ruling.state for ruling in found}
    return UNMET if UNMET in states else UNMEASURED if UNMEASURED in states or not states else MET


def fewest(limit: float) -> int | None:
    """How many cases it takes for the lower end (Wilson, 95 %) to reach a rate if every one of them passes; None:
    however many they are."""
    return cases_for(1.0, limit)


def cases_for(rate: float, limit: float) -> int | None:
    """With how many cases the lower end would reach `limit` at this rate; None: not with any number of them.

    The interval is the score test turned round, so n ≥ z² · limit · (1 − limit) / (rate − limit)².
    """
    if rate <= limit:
        return None
    return max(1, math.ceil(_Z * _Z * limit * (1 - limit) / (rate - limit) ** 2 - 1e-9))


def demand(condition: Condition, metric: Scorer) -> Text:
    """The condition's limit in words."""
    limit = shown(metric, condition.limit)
    if condition.bound == VALUE:
        return Text("at least {limit}", limit=limit) if _up(metric) else Text("at most {limit}", limit=limit)
    if _up(metric):
        return Text("at least {limit} at the lower end of the interval", limit=limit)
    return Text("at most {limit} at the upper end of the interval", limit=limit)


def shown(metric: Scorer, value: float | None) -> str:
    """A figure of the metric with its unit."""
    if value is None:
        return "–"
    if in_percent(metric):
        return f"{100 * value:.1f} %"
    return _amount(metric, f"{value:.3f}" if is_rate(metric) else f"{value:.4g}")


def _limit(condition: Condition, metric: Scorer, figure: Figure | None) -> Ruling:
    limit = condition.limit or 0.0
    if figure is None or figure.value is None or not figure.n:
        if figure is None:
            says = Text("{metric} was not measured.", metric=metric.label)
        else:
            says = Text("{metric} applies to none of the cases.", metric=metric.label)
        return Ruling(
            condition.metric, "limit", UNMEASURED, says, Text("Evaluate it with this metric among the measures.")
        )
    against = figure.low if _up(metric) else figure.high
    counts = figure.value if condition.bound == VALUE else against
    whole = Text(
        "{metric}: {value}, 95 % interval {low} to {high}, {n} cases; asked for: {demand}.",
        metric=metric.label, value=shown(metric, figure.value), low=shown(metric, figure.low),
        high=shown(metric, figure.high), n=figure.n, demand=demand(condition, metric),
    )  # fmt: skip
    if counts is None:
        return Ruling(condition.metric, "limit", UNMEASURED, whole, Text("Evaluate it on more cases."))
    if _keeps(metric, counts, limit):
        return Ruling(condition.metric, "limit", MET, whole)
    return Ruling(condition.metric, "limit", UNMET, whole, _way_out(condition, metric, figure, limit))


def _way_out(condition: Condition, metric: Scorer, figure: Figure, limit: float) -> Text:
    """What helps: more cases where only the interval is too wide, a better model otherwise."""
    value = figure.value or 0.0
    if condition.bound == LOW and _keeps(metric, value, limit):
        more = cases_for(value, limit) if metric.kind == "pass" and _up(metric) else None
        if more is not None:
            return Text("The figure is there, the certainty is not: at this rate it takes about {n} cases.", n=more)
        return Text("The figure is there, the certainty is not: evaluate it on more cases.")
    return Text("Send what failed to the annotators, and train again on what they correct.")


def _not_worse(condition: Condition, metric: Scorer, versus: Mapping[str, Versus] | Unknown | None) -> Ruling:
    def ruling(state: State, says: Text, do: Text | None = None) -> Ruling:
        return Ruling(condition.metric, "not-worse", state, says, do)

    if versus is None:
        nothing = Text("{metric}: no model is in production, so there is none to be worse than.", metric=metric.label)
        return ruling(MET, nothing)
    together = Text("Evaluate both models on the same cases.")
    if isinstance(versus, Unknown):
        says = Text("{metric}: {reason}", metric=metric.label, reason=versus.says)
        return ruling(UNMEASURED, says, versus.do or together)
    found = versus.get(condition.metric)
    if found is None or found.difference is None or found.low is None or found.high is None:
        says = Text("{metric} was not measured for both models.", metric=metric.label)
        return ruling(UNMEASURED, says, together)
    figures = Text(
        "{difference} against {name}, 95 % interval {low} to {high}, {n} cases",
        difference=_gap(metric, found.difference), name=found.name, low=_gap(metric, found.low),
        high=_gap(metric, found.high), n=found.n,
    )  # fmt: skip
    if found.word == "too-few":
        says = Text("{metric}: {figures}: too few to compare.", metric=metric.label, figures=figures)
        return ruling(UNMEASURED, says, Text("Evaluate both models on more cases."))
    if condition.margin is not None:
        loss = -found.low if _up(metric) else found.high
        says = Text(
            "{metric}: {figures}; at most {margin} may be lost.",
            metric=metric.label, figures=figures, margin=size(metric, condition.margin),
        )  # fmt: skip
        if loss <= condition.margin + _SLACK:
            return ruling(MET, says)
        if found.word != "worse":
            return ruling(UNMET, says, Text("The interval is too wide to rule a loss out: evaluate on more cases."))
        return ruling(UNMET, says, Text("Keep the model that is in production."))
    if found.word == "worse":
        says = Text("{metric}: {figures}: worse.", metric=metric.label, figures=figures)
        return ruling(UNMET, says, Text("Keep the model that is in production."))
    if found.word == "better":
        return ruling(MET, Text("{metric}: {figures}: better.", metric=metric.label, figures=figures))
    return ruling(MET, Text("{metric}: {figures}: no clear difference.", metric=metric.label, figures=figures))


def _up(metric: Scorer) -> bool:
    return metric.better == "higher"


def _keeps(metric: Scorer, value: float, limit: float) -> bool:
    return value >= limit - _SLACK if _up(metric) else value <= limit + _SLACK


def size(metric: Scorer, amount: float) -> Text | str:
    """How large a difference is; of percentages in points."""
    return Text("{n} points", n=f"{100 * amount:.1f}") if in_percent(metric) else shown(metric, amount)


def _gap(metric: Scorer, gap: float) -> Text | str:
    """A difference with its sign."""
    sign = "−" if gap < 0 else "+"
    if in_percent(metric):
        return Text("{n} points", n=f"{sign}{100 * abs(gap):.1f}")
    return f"{sign}{shown(metric, abs(gap))}"


def _amount(metric: Scorer, number: str) -> str:
    """Money has no unit here: an arm's currency is not known to its gate."""
    return number if metric.unit == "currency" else f"{number} {metric.unit}".strip()

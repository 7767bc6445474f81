"""An evaluation as its page shows it: rates, slices, how answers arrived, all measures, why answers failed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from ftstudio.web.texts import say
from jobs_app.models import Evaluation
from jobs_app.services import comparing
from jobs_app.services.slices import slices

from .evaluation_words import Named
from .figures import bare, change, is_rate, label_of, said, scorer_of

COUNTED = {  # what so many cases are worth, where the number itself stands beside it
    "anecdote": gettext_lazy("anecdote"),
    "indicative": gettext_lazy("indicative"),
    "usable": gettext_lazy("usable"),
}


@dataclass(frozen=True, slots=True)
class Line:
    """One arm's value with its interval. `bound`: where all (or none) passed, what may still be otherwise."""

    arm: Named
    is_grey: bool
    value: float | None
    low: float | None
    high: float | None
    bound: str = ""


@dataclass(frozen=True, slots=True)
class Rates:
    title: str
    is_rate: bool
    lines: list[Line]


@dataclass(frozen=True, slots=True)
class Sliced:
    tag: str
    n: int
    size: Any
    lines: list[Line]


@dataclass(frozen=True, slots=True)
class Part:
    word: Any
    tone: str


@dataclass(frozen=True, slots=True)
class Counts:
    name: str
    counts: list[int]


@dataclass(frozen=True, slots=True)
class Arrived:
    """How the answers came: counts of parts for each arm."""

    title: str
    note: str
    parts: list[Part]
    lines: list[Counts]


@dataclass(frozen=True, slots=True)
class Cell:
    name: str  # of the arm
    text: str
    interval: str
    strong: bool


@dataclass(frozen=True, slots=True)
class Measure:
    name: str
    label: str
    help: str
    cells: list[Cell]
    change: str


def in_order(arms: Sequence[Named], base: Named | None) -> list[Named]:
    """What is compared first, what it is compared with last."""
    return [one for one in arms if one is not base] + ([base] if base else [])


def rates(arms: Sequence[Named], metric: str, base: Named | None) -> Rates:
    with_interval = is_rate(metric)
    title = (
        _("%(metric)s, with Wilson 95 %% interval") if _kind(metric) == "pass" else _("%(metric)s, with 95 %% interval")
    )
    lines = []
    for one in in_order(arms, base):
        found = one.arm.scores.get(metric) or {}
        lines.append(
            Line(one, one is base, found.get("value"), found.get("low"), found.get("high"), _bound(found, metric))
        )
    return Rates(title % {"metric": label_of(metric)}, with_interval, lines)


def sliced(evaluation: Evaluation, arms: Sequence[Named], metric: str, base: Named | None) -> list[Sliced]:
    """Rates by tag; [] where cases have no tags, or the metric is no rate."""
    if not is_rate(metric):
        return []
    ordered = in_order(arms, base)
    return [
        Sliced(
            one.tag, one.n, COUNTED[one.size],
            [
                Line(arm, arm is base, found.value, found.low, found.high)
                for arm, found in zip(ordered, one.summaries, strict=True)
                if found.value is not None and found.low is not None
            ],
        )
        for one in slices(evaluation, [arm.number for arm in ordered], metric)
    ]  # fmt: skip


def arrived(arms: Sequence[Named], base: Named | None) -> Arrived:
    """How the JSON came where JSON is wanted, else how the answers kept to the contract. Only the first part counts."""
    ordered = [one for one in in_order(arms, base) if one.arm.asked]
    if all({"json-valid", "json-unfenced"} <= one.arm.scores.keys() for one in ordered):
        parts = [
            Part(_("Strict"), "accent"),
            Part(_("Fenced"), "soft"),
            Part(pgettext("of JSON answers", "Lost"), "error"),
        ]
        note = _("Only strict counts. What is right inside a fence is told apart, and never added to the rate.")
        return Arrived(_("How the JSON arrived"), note, parts, [Counts(one.name, _json_counts(one)) for one in ordered])
    parts = [
        Part(pgettext("of a contract", "Kept"), "accent"),
        Part(_("In a fence"), "soft"),
        Part(_("Broken"), "warning"),
        Part(pgettext("of answers", "None"), "error"),
    ]
    note = _("Only what keeps to the contract as it stands counts. An answer that never came is a failure.")
    return Arrived(_("How the answers came"), note, parts, [Counts(one.name, _counts(one)) for one in ordered])


def _json_counts(one: Named) -> list[int]:
    counts = [_passed(one, name) for name in ("json-valid", "json-unfenced")]
    return [counts[0], max(0, counts[1] - counts[0]), max(0, one.arm.asked - counts[1])]


def _counts(one: Named) -> list[int]:
    arm = one.arm
    fenced = max(0, arm.lenient - arm.strict)
    return [arm.strict, fenced, max(0, arm.asked - arm.strict - fenced - arm.errored), arm.errored]


def _passed(one: Named, metric: str) -> int:
    found = one.arm.scores.get(metric) or {}
    return round((found.get("value") or 0) * (found.get("applicable") or 0))


def measures(evaluation: Evaluation, arms: Sequence[Named], other: Named | None) -> list[Measure]:
    """All metrics but the one that decides; the change is of `other` against number 0."""
    rows = []
    for row in comparing.table(evaluation):
        if row.decides:
            continue
        values = {cell.arm.number: (cell.summary or {}) for cell in row.cells}
        paid_alike = row.scorer.unit != "currency" or len({one.arm.currency for one in arms}) == 1
        best = _best(row, values) if paid_alike else None
        cells = [_cell(row.metric, one, values.get(one.number, {}), best) for one in arms]
        changed = next((cell.change for cell in row.cells if other and cell.arm.number == other.number), None)
        rows.append(
            Measure(
                row.metric, say(row.scorer.label), say(row.scorer.help), cells,
                change(row.metric, changed.difference, other.arm.currency) if changed and other else "–",
            )
        )  # fmt: skip
    return rows


def _cell(metric: str, one: Named, found: Mapping[str, Any], best: int | None) -> Cell:
    value, low, high = found.get("value"), found.get("low"), found.get("high")
    currency = one.arm.currency
    interval = "" if low is None or high is None else f"{bare(metric, low)} – {bare(metric, high)}"
    return Cell(one.name, said(metric, value, currency), interval, one.number == best)


def _best(row: comparing.Row, values: Mapping[int, Mapping[str, Any]]) -> int | None:
    """The arm with the best value, where one is better than all others."""
    known = {number: found["value"] for number, found in values.items() if found.get("value") is not None}
    if len(set(known.values())) < 2:
        return None
    wanted = (max if row.scorer.better == "higher" else min)(known.values())
    holders = [number for number, value in known.items() if value == wanted]
    return holders[0] if len(holders) == 1 else None


def _kind(metric: str) -> str:
    scorer = scorer_of(metric)
    return scorer.kind if scorer else ""


def _bound(found: Mapping[str, Any], metric: str) -> str:
    bound = found.get("bound")
    if bound is None or not is_rate(metric):
        return ""
    if found.get("value") == 1:
        return _("up to %(n).1f %% may still fail") % {"n": 100 * bound}
    return _("up to %(n).1f %% may still pass") % {"n": 100 * bound}

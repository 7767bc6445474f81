"""What an evaluation may say: of one arm a value with its interval, of two arms on the same cases which is better.

Never a rate without its interval, never "100 %" without the failures that may still be there, never two intervals laid
side by side as if that were a test.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from math import ceil, sqrt
from typing import Any, Literal

import numpy as np

from datasets_app.core.statistics import wilson
from jobs_app.core.pooling import Floats, point
from jobs_app.core.resampling import DRAWS, clustered, drawn, in_order, interval, p_of, student
from jobs_app.core.scorers.base import Scorer, Value
from jobs_app.core.significance import (
    ALPHA,
    INDICATIVE,
    Z_POWER,
    Size,
    Z,
    detectable,
    failure_bound,
    holm,
    mcnemar,
    size_word,
)

Word = Literal["better", "worse", "no-clear-difference", "too-few"]


@dataclass(frozen=True, slots=True)
class Summary:
    """One metric of one arm. `value` is a rate from 0 to 1 or an amount; None: it applied to no case.

    `n` are all cases, `applicable` those that have a value, `missing` those to which no answer came (where the metric
    counts them, they are among the applicable as failures). `low`–`high` is the 95 % interval; None: too few to say.
    `bound`: where all passed (or none did), the share that may still be otherwise, with 95 %.
    """

    value: float | None
    n: int
    low: float | None
    high: float | None
    applicable: int
    missing: int = 0
    bound: float | None = None

    def as_data(self) -> dict[str, Any]:
        """What `Arm.scores` keeps."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Paired:
    """A case as both arms answered it: each value as `Scorer.of` reads it, and whether no answer came."""

    case: int | str
    cluster: str
    a: Value
    b: Value
    a_missing: bool = False
    b_missing: bool = False


@dataclass(frozen=True, slots=True)
class Comparison:
    """Arm b against arm a on the same cases. `difference` is b − a, `word` speaks of b.

    `a`, `b` and all that follows are of the `applicable` cases: those in which both have a value. For a "pass" metric
    `both` … `neither` count the cases (of which 1 is said, whether that is good or not). `mcnemar` is the exact p;
    where cases share clusters, and for other kinds, `p` also asks the bootstrap. `adjusted` is that p among
    `comparisons` (Holm). `units` are the independent ones: clusters, or cases that stand alone. `size` is what so many
    are worth, `detectable` the difference that would show with a chance of 80 %.
    """

    metric: str
    kind: str
    better: str
    n: int
    applicable: int
    units: int
    a: Summary
    b: Summary
    both: int | None
    only_a: int | None
    only_b: int | None
    neither: int | None
    difference: float | None
    low: float | None
    high: float | None
    draws: int
    seed: int
    mcnemar: float | None
    p: float | None
    adjusted: float | None
    comparisons: int
    a_missing: int
    b_missing: int
    word: Word
    size: Size
    detectable: float | None

    def as_data(self) -> dict[str, Any]:
        """What `Arm.changes` keeps."""
        return asdict(self)

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Comparison:
        return cls(**{**data, "a": Summary(**data["a"]), "b": Summary(**data["b"])})


def summarise(
    scorer: Scorer,
    values: Sequence[Value],
    clusters: Sequence[str] = (),
    seed: int = 0,
    *,
    missing: int = 0,
    draws: int = DRAWS,
) -> Summary:
    """One metric over an arm's cases: `values` as `scorer.of` reads them, None where it does not apply.

    `clusters` name what each case has in common with others, "" for one that stands alone; () for all alone.
    """
    names = clusters or [""] * len(values)
    kept = [(name, value) for name, value in zip(names, values, strict=True) if value is not None]
    kept.sort(key=lambda pair: (pair[0], _terms(pair[1])))
    members = clustered([name for name, _ in kept])
    rows = _rows([value for _, value in kept], scorer)
    [found] = drawn(scorer.statistic, [rows], members, seed, draws) if scorer.kind != "pass" else [np.zeros(0)]
    return _summary(scorer, rows, members, found, len(values), missing)


def compare(cases: Iterable[Paired], scorer: Scorer, *, seed: int = 0, draws: int = DRAWS) -> Comparison:
    """Arm b against arm a in one metric. Give several comparisons to `together`, which corrects for their number."""
    every = list(cases)
    every = [every[at] for at in in_order([(each.cluster, each.case) for each in every])]
    kept = [each for each in every if each.a is not None and each.b is not None]
    members = clustered([each.cluster for each in kept])
    a, b = _rows([each.a for each in kept], scorer), _rows([each.b for each in kept], scorer)
    a_missing, b_missing = sum(each.a_missing for each in every), sum(each.b_missing for each in every)
    units = max(members, default=-1) + 1
    of_a, of_b = drawn(scorer.statistic, [a, b], members, seed, draws)
    found = Comparison(
        metric=scorer.name,
        kind=scorer.kind,
        better=scorer.better,
        n=len(every),
        applicable=len(kept),
        units=units,
        a=_summary(scorer, a, members, of_a, len(every), a_missing),
        b=_summary(scorer, b, members, of_b, len(every), b_missing),
        both=None,
        only_a=None,
        only_b=None,
        neither=None,
        difference=None,
        low=None,
        high=None,
        draws=draws,
        seed=seed,
        mcnemar=None,
        p=None,
        adjusted=None,
        comparisons=1,
        a_missing=a_missing,
        b_missing=b_missing,
        word="too-few",
        size=size_word(units),
        detectable=None,
    )
    if scorer.kind == "pass" and kept:
        found = _fourfold(found, a[:, 0] > 0, b[:, 0] > 0)
    if found.a.value is None or found.b.value is None:
        return found
    difference, values = found.b.value - found.a.value, of_b - of_a
    low, high = _reach(scorer, interval(values, difference, units), units)
    p = p_of(values, units) if scorer.kind != "pass" or units < len(kept) else 0.0
    p = max(p, found.mcnemar if found.mcnemar is not None else 0.0)
    return _worded(
        replace(
            found, difference=difference, low=low, high=high, p=p, adjusted=p,
            detectable=_shows(scorer, found, values),
        )
    )  # fmt: skip


def together(comparisons: Sequence[Comparison], made: int = 0) -> list[Comparison]:
    """The comparisons with Holm's correction for their number, each worded anew.

    `made` is the number of comparisons in all, where some of them are not given.
    """
    told = [each for each in comparisons if each.p is not None]
    corrected = iter(holm([each.p for each in told if each.p is not None], made))
    k = max(made, len(told))
    return [
        each if each.p is None else _worded(replace(each, adjusted=next(corrected), comparisons=k))
        for each in comparisons
    ]


def _worded(found: Comparison) -> Comparison:
    word: Word = "no-clear-difference"
    if found.adjusted is not None and found.adjusted <= ALPHA and found.difference:
        word = "better" if (found.difference > 0) == (found.better == "higher") else "worse"
    elif found.units < INDICATIVE:
        word = "too-few"
    return replace(found, word=word)


def _fourfold(found: Comparison, a: Any, b: Any) -> Comparison:
    only_a, only_b = int((a & ~b).sum()), int((b & ~a).sum())
    return replace(
        found, both=int((a & b).sum()), only_a=only_a, only_b=only_b, neither=int((~a & ~b).sum()),
        mcnemar=mcnemar(only_a, only_b),
    )  # fmt: skip


def _summary(scorer: Scorer, rows: Floats, members: Sequence[int], values: Floats, n: int, missing: int) -> Summary:
    """`values` are what the draws came to; a rate does without them."""
    applicable = len(rows)
    value = point(scorer.statistic, rows) if applicable else None
    if value is None or not np.isfinite(value):
        return Summary(None, n, None, None, applicable, missing)
    if scorer.kind == "pass":
        passed = round(float(rows[:, 0].sum()))
        spread = _design_effect(rows[:, 0], members)
        units = max(members) + 1
        z = student(units - 1) if 1 < units < applicable else Z  # few clusters do not tell their spread well
        low, high = wilson(passed, applicable, z=z * sqrt(spread))
        at_end = passed in (0, applicable)
        return Summary(value, n, low, high, applicable, missing, failure_bound(applicable / spread) if at_end else None)
    units = max(members) + 1
    found = interval(values, value, units)
    if scorer.kind == "share" and value in (0.0, 1.0):  # drawing the same again and again shows nothing
        bound = failure_bound(units)
        low, high = wilson(units if value else 0, units)
        return Summary(value, n, low, high, applicable, missing, bound)
    if found is None:
        return Summary(value, n, None, None, applicable, missing)
    return Summary(value, n, *found, applicable, missing)


def _design_effect(passed: Any, members: Sequence[int]) -> float:
    """How many times wider the variance of a rate is because cases of a cluster are alike; at least 1.

    Where all cases agree nothing is known about it: it is taken as if one of the largest cluster did not.
    """
    n, sizes = len(passed), np.bincount(members)
    if len(sizes) == n:
        return 1.0
    if len(sizes) == 1:
        return float(n)
    passed = passed.copy()
    if passed.min() == passed.max():
        passed[members.index(int(sizes.argmax()))] = 1 - passed[0]
    rate = passed.mean()
    rests = np.bincount(members, weights=passed - rate)
    among = float((rests**2).sum()) * len(sizes) / (len(sizes) - 1)
    return max(1.0, float(among / (n * rate * (1 - rate))))


def _reach(scorer: Scorer, found: tuple[float, float] | None, units: int) -> tuple[float | None, float | None]:
    """The interval of a difference; where every draw says the same, what that many cases cannot rule out."""
    if found is None:
        return None, None
    low, high = found
    if low == high and scorer.kind != "amount":
        bound = failure_bound(units)
        return max(-1.0, low - bound), min(1.0, high + bound)
    return low, high


def _shows(scorer: Scorer, found: Comparison, values: Floats) -> float | None:
    if scorer.kind == "pass" and found.units == found.applicable:
        lost = min(found.only_a or 0, found.only_b or 0) / found.applicable
        return detectable(found.applicable, ceil(lost * 100) / 100)
    spread = float(np.nanstd(values)) if found.units > 1 and np.isfinite(values).any() else 0.0
    return (Z + Z_POWER) * spread or None


def _rows(values: Sequence[Value], scorer: Scorer) -> Floats:
    """The values as rows of terms. Raises ValueError where they are not what `scorer.of` gives."""
    width = len(scorer.columns)
    rows = [_terms(value) for value in values]
    if any(len(row) != width for row in rows):
        raise ValueError(f"{scorer.name} is pooled from {', '.join(scorer.columns)}: read the values with its `of`")
    return np.array(rows, dtype=np.float64).reshape(len(rows), width)


def _terms(value: Value) -> tuple[float, ...]:
    return value if isinstance(value, tuple) else () if value is None else (float(value),)

"""The bootstrap: how far a value could have come out otherwise, seen by drawing the same cases again and again.

Whole clusters are drawn, because cases that share a template rise and fall together; both arms of a comparison get the
same draws (paired). A seed fixes them, and the order in which the cases stand does not matter.
(B. Efron, R. Tibshirani, An Introduction to the Bootstrap, 1993; for clusters E. Miller, Adding Error Bars to Evals,
2024.)
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from math import expm1, log1p, sqrt
from statistics import NormalDist
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jobs_app.core.pooling import Floats, Statistic

DRAWS = 4000
AT_ONCE = 2_000_000  # numbers in memory


def in_order(keys: Sequence[tuple[str, Any]]) -> list[int]:
    """An order of the cases that is always the same, by (cluster, case)."""
    return sorted(range(len(keys)), key=lambda at: (keys[at][0], str(type(keys[at][1])), keys[at][1]))


def clustered(clusters: Sequence[str]) -> list[int]:
    """Which cluster each case is in, numbered in the order in which they come; a blank one stands alone."""
    numbers: dict[Any, int] = {}
    return [numbers.setdefault(name or at, len(numbers)) for at, name in enumerate(clusters)]


def drawn(
    statistic: Statistic, tables: Sequence[Floats], members: Sequence[int], seed: int, draws: int = DRAWS
) -> list[Floats]:
    """What the statistic makes of each table in each draw; all of them get the same draws. NaN: it says nothing.

    A row of a table is a case, `members` are the cases' clusters, as `clustered` numbers them.
    """
    found: list[list[Floats]] = [[np.zeros(0)] for _ in tables]
    for weights in _weights(members, seed, draws):
        for table, parts in zip(tables, found, strict=True):
            parts.append(statistic(table, weights))
    return [np.concatenate(parts) for parts in found]


def interval(values: Floats, point: float, units: int) -> tuple[float, float] | None:
    """The middle 95 % of the draws, and more where there are few independent units: then draws scatter too little.

    The percentiles are those of Student's t, widened by √(n / (n − 1)), as T. Hesterberg proposes (What Teachers Should
    Know About the Bootstrap, 2015). It never leaves out what was measured. None without draws, or for one unit.
    """
    values = values[np.isfinite(values)]
    if not len(values) or units < 2:
        return None
    reach = student(units - 1) * sqrt(units / (units - 1))
    tail = 100 * NORMAL.cdf(-reach)
    low, high = np.percentile(values, (tail, 100 - tail))
    return min(float(low), point), max(float(high), point)


def p_of(values: Floats, units: int) -> float:
    """The two-sided p of a difference: how many draws point the other way, by Student's t as above.

    Never below 2 / 2^units: so few cannot all point one way by chance any less often.
    """
    values = values[np.isfinite(values)]
    if not len(values) or units < 2:
        return 1.0
    other = min(int((values <= 0).sum()), int((values >= 0).sum()))
    chance = min(0.5, (other + 1) / (len(values) + 1))
    t = -NORMAL.inv_cdf(chance) * sqrt((units - 1) / units)
    return min(1.0, max(2 * NORMAL.cdf(-_as_normal(t, units - 1)), 2.0 ** (1 - units)))


NORMAL = NormalDist()


def student(freedom: int, z: float = 1.959964) -> float:
    """The value that Student's t exceeds as often as the normal distribution exceeds z.

    By D. L. Wallace's approximation (Annals of Mathematical Statistics 30, 1959), which is right to 0.3 % from 5
    degrees of freedom on, and too wide below.
    """
    stretched = (8 * freedom + 3) / (8 * freedom + 1) * z
    return sqrt(freedom * expm1(stretched * stretched / freedom))


def _as_normal(t: float, freedom: int) -> float:
    return (8 * freedom + 1) / (8 * freedom + 3) * sqrt(freedom * log1p(t * t / freedom))


def _weights(members: Sequence[int], seed: int, draws: int) -> Iterator[Floats]:
    if not members:
        return
    counts = _counts(max(members) + 1, seed, draws)
    each = slice(None) if len(members) == counts.shape[1] else np.asarray(members)
    rows = max(1, AT_ONCE // len(members))
    for start in range(0, draws, rows):
        yield counts[start : start + rows, each].astype(np.float64)


@lru_cache(maxsize=4)
def _counts(clusters: int, seed: int, draws: int) -> NDArray[np.uint16]:
    """How often each cluster comes up in each draw."""
    chance = np.random.default_rng(abs(seed))
    counts = np.empty((draws, clusters), np.uint16)
    rows = max(1, AT_ONCE // clusters)
    for start in range(0, draws, rows):
        some = min(rows, draws - start)
        picked = chance.integers(clusters, size=(some, clusters)) + np.arange(some)[:, None] * clusters
        counts[start : start + some] = np.bincount(picked.ravel(), minlength=some * clusters).reshape(some, clusters)
    return counts

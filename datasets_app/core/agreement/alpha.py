"""Krippendorff's alpha: any number of people, gaps allowed, any distance between ratings.

alpha = 1 − observed / expected distance. (K. Krippendorff, Content Analysis, chapter on reliability.) The
distance stands where the book has its squared difference, so for sets, texts and records a rating that is half
right counts as half a disagreement.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import combinations
from typing import Any

import numpy as np

from .base import NO_VARIETY, RESAMPLES, TOO_FEW, Coefficient, Floats, Unit, coded, interval, pairable

Distance = Callable[[Any, Any], float]  # 0 equal … 1 nothing in common
MOST_PAIRS = 20_000  # pairs of ratings that chance is estimated from; up to so many, all of them


def nominal_alpha(units: Sequence[Unit[Any]], *, resamples: int = RESAMPLES, seed: int = 0) -> Coefficient:
    """Alpha for plain categories, exact."""
    rated = pairable(units)
    ratings = sum(map(len, rated))
    if len(rated) < 2:
        return Coefficient.undefined(TOO_FEW, len(rated), ratings)
    table = coded(rated)
    people = table.sum(axis=1)
    differing = (people**2 - (table**2).sum(axis=1)) / (people - 1)

    def statistic(drawn: Floats) -> Floats:
        total = drawn @ people
        categories = drawn @ table
        expected = (total**2 - (categories**2).sum(axis=1)) / (total - 1)
        found: Floats = 1 - drawn @ differing / np.where(expected > 1e-12, expected, np.nan)
        return found

    return _figure(statistic, len(rated), ratings, float(differing.sum()), float(people.sum()), resamples, seed)


def alpha(units: Sequence[Unit[Any]], distance: Distance, *, resamples: int = RESAMPLES, seed: int = 0) -> Coefficient:
    """Alpha with a distance between ratings: of error tags, of texts, of records.

    What chance gives is the mean distance of ratings of different samples and the same ones, over all pairs up to
    `MOST_PAIRS`, else over as many drawn with the seed.
    """
    rated = pairable(units)
    ratings = sum(map(len, rated))
    if len(rated) < 2:
        return Coefficient.undefined(TOO_FEW, len(rated), ratings)
    people = np.array([len(unit) for unit in rated], dtype=float)
    differing = np.array(
        [2 * sum(distance(a, b) for a, b in combinations(unit.values(), 2)) / (len(unit) - 1) for unit in rated]
    )
    values = [(at, value) for at, unit in enumerate(rated) for value in unit.values()]
    left, right = _pairs(len(values), seed)
    far = np.array([distance(values[i][1], values[j][1]) for i, j in zip(left, right, strict=True)])
    unit_of = np.array([at for at, _ in values])
    first, second = unit_of[left], unit_of[right]

    def statistic(drawn: Floats) -> Floats:
        observed = drawn @ differing / (drawn @ people)
        # A unit drawn k times meets itself as well: its pairs within count k times, like its ratings.
        both = np.where(first == second, drawn[:, first], drawn[:, first] * drawn[:, second])
        met = both.sum(axis=1)
        expected = both @ far / np.where(met > 0, met, np.nan)
        found: Floats = 1 - observed / np.where(expected > 1e-12, expected, np.nan)
        return found

    return _figure(statistic, len(rated), ratings, float(differing.sum()), float(people.sum()), resamples, seed)


def _pairs(n: int, seed: int) -> tuple[Any, Any]:
    """Places of two different ratings each: every pair once, or `MOST_PAIRS` drawn."""
    if n * (n - 1) // 2 <= MOST_PAIRS:
        return np.triu_indices(n, 1)
    random = np.random.default_rng(seed)
    left = random.integers(0, n, MOST_PAIRS)
    right = (left + random.integers(1, n, MOST_PAIRS)) % n
    return left, right


def _figure(
    statistic: Callable[[Floats], Floats],
    units: int,
    ratings: int,
    differing: float,
    people: float,
    resamples: int,
    seed: int,
) -> Coefficient:
    observed = 1 - differing / people
    [value] = statistic(np.ones((1, units)))
    if np.isnan(value):
        return Coefficient.undefined(NO_VARIETY, units, ratings, observed)
    low, high = interval(statistic, units, resamples=resamples, seed=seed)
    return Coefficient(float(value), low, high, observed, units, ratings)

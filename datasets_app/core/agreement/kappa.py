"""Cohen's kappa of two people and Fleiss' kappa of a fixed number of people, both for plain categories."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any

import numpy as np

from ftstudio.errors import Text

from .base import NO_VARIETY, RESAMPLES, TOO_FEW, Coefficient, Floats, Unit, beyond_chance, coded, interval, pairable


def cohen(
    units: Sequence[Unit[Any]], one: Hashable, other: Hashable, *, resamples: int = RESAMPLES, seed: int = 0
) -> Coefficient:
    """Agreement of two people over the samples that both rated, each with their own habits taken as chance.

    (J. Cohen, Educational and Psychological Measurement 20, 1960.)
    """
    both = [(unit[one], unit[other]) for unit in units if one in unit and other in unit]
    if len(both) < 2:
        return Coefficient.undefined(TOO_FEW, len(both), 2 * len(both))
    place: dict[Any, int] = {}
    for pair in both:
        for value in pair:
            place.setdefault(value, len(place))
    sides = np.zeros((2, len(both), len(place)))
    for at, pair in enumerate(both):
        for side in (0, 1):
            sides[side, at, place[pair[side]]] = 1
    agree = (sides[0] * sides[1]).sum(axis=1)

    def kappa(drawn: Floats) -> Floats:
        n = drawn.sum(axis=1)
        expected = ((drawn @ sides[0]) * (drawn @ sides[1])).sum(axis=1) / n**2
        return beyond_chance(drawn @ agree / n, expected)

    return _figure(kappa, len(both), 2 * len(both), float(agree.mean()), resamples, seed)


def fleiss(units: Sequence[Unit[Any]], *, resamples: int = RESAMPLES, seed: int = 0) -> Coefficient:
    """Agreement of any people, where every sample has the same number of ratings.

    (J. L. Fleiss, Psychological Bulletin 76, 1971.) Undefined for differing numbers: Krippendorff's alpha takes those.
    """
    rated = pairable(units)
    ratings = sum(map(len, rated))
    if len(rated) < 2:
        return Coefficient.undefined(TOO_FEW, len(rated), ratings)
    if len(sizes := {len(unit) for unit in rated}) > 1:
        why = Text(
            "Fleiss' kappa needs the same number of ratings on every sample; here there are {least} to {most}.",
            least=min(sizes),
            most=max(sizes),
        )
        return Coefficient.undefined(why, len(rated), ratings)
    table, people = coded(rated), sizes.pop()
    agree = ((table**2).sum(axis=1) - people) / (people * (people - 1))

    def kappa(drawn: Floats) -> Floats:
        n = drawn.sum(axis=1)
        shares = drawn @ table / (n * people)[:, None]
        return beyond_chance(drawn @ agree / n, (shares**2).sum(axis=1))

    return _figure(kappa, len(rated), ratings, float(agree.mean()), resamples, seed)


def _figure(kappa: Any, units: int, ratings: int, observed: float, resamples: int, seed: int) -> Coefficient:
    [value] = kappa(np.ones((1, units)))
    if np.isnan(value):
        return Coefficient.undefined(NO_VARIETY, units, ratings, observed)
    low, high = interval(kappa, units, resamples=resamples, seed=seed)
    return Coefficient(float(value), low, high, observed, units, ratings)

"""What every coefficient of agreement is made of: units in, one honest figure out."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from ftstudio.errors import Text

Floats = NDArray[np.float64]
Value = TypeVar("Value")
Unit = Mapping[Hashable, Value]  # who rated the sample → the rating

ENOUGH = 30  # units from which a coefficient is worth reading; below, the interval says how little is known
RESAMPLES = 1000
_BLOCK = 100  # resamples that are held in memory at a time

TOO_FEW = Text("Nobody else has rated the same samples yet: at least 2 samples with 2 ratings each are needed.")
NO_VARIETY = Text("All ratings are the same. Chance alone would agree as well, so there is nothing to compare with.")


@dataclass(frozen=True, slots=True)
class Coefficient:
    """Agreement beyond chance. `value` is 1 for perfect agreement, 0 for what chance gives, below for worse.

    `low` and `high` are the 95 % bootstrap interval over samples, None where most resamples leave the value undefined.
    `observed` is the plain share of agreement (0 to 1) before chance is taken out. `value` is None where it is not
    defined, and `why` says so in a sentence.
    """

    value: float | None
    low: float | None
    high: float | None
    observed: float | None
    units: int
    ratings: int
    why: Text | None = None

    @property
    def enough(self) -> bool:
        """Whether there are units enough to read it."""
        return self.value is not None and self.units >= ENOUGH

    @classmethod
    def undefined(cls, why: Text, units: int = 0, ratings: int = 0, observed: float | None = None) -> Coefficient:
        return cls(None, None, None, observed, units, ratings, why)


def pairable(units: Sequence[Unit[Any]]) -> list[Unit[Any]]:
    """The units that at least two people rated: only these say anything about agreement."""
    return [unit for unit in units if len(unit) >= 2]


def coded(units: Sequence[Unit[Any]]) -> Floats:
    """How often each unit got each category, units × categories, categories in the order of their first use."""
    place: dict[Any, int] = {}
    for unit in units:
        for value in unit.values():
            place.setdefault(value, len(place))
    table = np.zeros((len(units), len(place)))
    for row, unit in zip(table, units, strict=True):
        for value in unit.values():
            row[place[value]] += 1
    return table


def weights(units: int, *, resamples: int, seed: int) -> Iterator[Floats]:
    """Blocks of resamples × units: how often each unit was drawn when as many are drawn with replacement."""
    random = np.random.default_rng(seed)
    chances = np.full(units, 1 / units)
    for begin in range(0, resamples, _BLOCK):
        yield random.multinomial(units, chances, size=min(_BLOCK, resamples - begin)).astype(float)


def interval(
    statistic: Callable[[Floats], Floats], units: int, *, resamples: int = RESAMPLES, seed: int = 0
) -> tuple[float | None, float | None]:
    """The middle 95 % of the statistic over resampled units; `statistic` maps weights (resamples × units) to values,
    NaN where it is undefined. (None, None) when that is so in more than half of them."""
    found = np.concatenate([statistic(block) for block in weights(units, resamples=resamples, seed=seed)])
    defined = found[~np.isnan(found)]
    if len(defined) * 2 <= len(found):
        return None, None
    low, high = np.percentile(defined, (2.5, 97.5))
    return float(low), float(high)


def beyond_chance(observed: Floats, expected: Floats) -> Floats:
    """(observed − expected) / (1 − expected), NaN where chance alone agrees always."""
    left = 1 - expected
    safe = np.where(left > 1e-12, left, np.nan)
    result: Floats = (observed - expected) / safe
    return result

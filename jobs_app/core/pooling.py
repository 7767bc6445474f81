"""How the values of many cases become one: a mean, a median, a quantile, a ratio of sums, macro F1.

Each is a function of the cases' values (one row a case, one column a term) and of how often each case counts (one row a
draw, one column a case), so that a bootstrap asks for thousands of draws in one go. Where nothing can be said the
result is NaN.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


class Statistic(Protocol):
    def __call__(self, values: Floats, weights: Floats, /) -> Floats: ...


@dataclass(frozen=True, slots=True)
class Ratio:
    """`over` divided by `under`, both of them sums of terms with factors: micro F1 is (2, 0, 0) over (0, 1, 1)."""

    over: tuple[float, ...]
    under: tuple[float, ...]

    def __call__(self, values: Floats, weights: Floats, /) -> Floats:
        sums = weights @ values
        return _divided(sums @ np.array(self.over), sums @ np.array(self.under))


@dataclass(frozen=True, slots=True)
class Quantile:
    """The value below which the share `q` of the cases is; the middle between two neighbours where both would do."""

    q: float

    def __call__(self, values: Floats, weights: Floats, /) -> Floats:
        order = np.argsort(values[:, 0], kind="stable")
        ranked = values[order, 0]
        filled = np.cumsum(weights[:, order], axis=1)
        wanted = self.q * filled[:, -1:]
        low = np.argmax(filled >= wanted - 1e-9, axis=1)
        high = np.argmax(filled > wanted + 1e-9, axis=1)
        return np.asarray((ranked[low] + ranked[high]) / 2, dtype=np.float64)


def mean(values: Floats, weights: Floats, /) -> Floats:
    return _divided(weights @ values[:, 0], weights.sum(axis=1))


def macro_f1(values: Floats, weights: Floats, /) -> Floats:
    """The mean of the F1 of every class that is wanted somewhere. Terms: the class wanted and the one given, as numbers
    (-1 for an answer that is none)."""
    classes = np.unique(values[:, 0])
    wanted, given = (values[:, column, None] == classes for column in (0, 1))
    sums = weights @ np.concatenate((wanted, given, wanted & given), axis=1).astype(np.float64)
    of_wanted, of_given, right = np.split(sums, 3, axis=1)
    f1 = np.divide(2 * right, of_wanted + of_given, out=np.zeros_like(right), where=of_wanted > 0)
    return _divided(f1.sum(axis=1), (of_wanted > 0).sum(axis=1))


def point(statistic: Statistic, values: Floats) -> float:
    """The value where each case counts once."""
    return float(statistic(values, np.ones((1, len(values))))[0])


def _divided(over: Floats, under: Floats) -> Floats:
    found = np.full(over.shape, np.nan)
    np.divide(over, under, out=found, where=under > 0)
    return found


MEAN: Statistic = mean
MEDIAN: Statistic = Quantile(0.5)
MACRO_F1: Statistic = macro_f1
F1: Statistic = Ratio((2, 0, 0), (0, 1, 1))  # terms: right, given, wanted

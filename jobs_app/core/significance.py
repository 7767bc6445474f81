"""Whether a difference can be chance, and how much a number of cases can show. Sources stand beside each formula."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from math import exp, log, sqrt
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Z = 1.959964  # of the standard normal distribution: 95 % on both sides
Z_POWER = 0.841621  # … and 80 % on one
ALPHA = 0.05
POWER = 0.8
LOST = 0.05  # share of cases that a better model is taken to lose, where nothing has been measured yet
Size = Literal["anecdote", "indicative", "usable"]
INDICATIVE, USABLE = 30, 100  # cases


def size_word(n: float) -> Size:
    """What so many independent cases are worth: below 30 an anecdote, from 100 on usable."""
    return "anecdote" if n < INDICATIVE else "indicative" if n < USABLE else "usable"


def failure_bound(n: float) -> float:
    """The share of failures that may still be there (95 %) when none was seen in n: 1 − 0.05^(1/n); 1 for no case.

    The exact one-sided bound; about 3/n. (J. A. Hanley, A. Lippman-Hand, JAMA 249, 1983: the rule of three.)
    """
    return 1.0 if n <= 0 else 1 - ALPHA ** (1 / n)


@lru_cache(maxsize=4096)
def mcnemar(only_a: int, only_b: int) -> float:
    """The exact two-sided p of so many cases that one arm alone gets right: 2·Σ_{i≤min} C(n,i) / 2ⁿ, at most 1.

    Cases on which both agree say nothing about the difference. (Q. McNemar, Psychometrika 12, 1947; exact binomial.)
    """
    n, few = only_a + only_b, min(only_a, only_b)
    if few < 0:
        raise ValueError("cases cannot be fewer than none")
    if 2 * few >= n - 1:
        return 1.0
    term, total = 1, 1
    for i in range(few):
        term = term * (n - i) // (i + 1)
        total += term
    return min(1.0, 2 * total / 2**n) if n < 1000 else min(1.0, exp(log(2 * total) - n * log(2)))


def holm(ps: Sequence[float], comparisons: int = 0) -> list[float]:
    """The p values as they count when several comparisons were made, in the given order.

    The smallest is multiplied by the number of comparisons, the next by one less, and so on; none falls below one that
    was smaller. `comparisons` counts some that are not in `ps`. (S. Holm, Scandinavian Journal of Statistics 6, 1979.)
    """
    k = max(comparisons, len(ps))
    adjusted, least = [1.0] * len(ps), 0.0
    for rank, at in enumerate(sorted(range(len(ps)), key=lambda at: ps[at])):
        least = max(least, min(1.0, (k - rank) * ps[at]))
        adjusted[at] = least
    return adjusted


def power(n: int, gained: float, lost: float) -> float:
    """The chance that `mcnemar` finds p ≤ 0.05 among n cases of which these shares are gained and lost."""
    different = gained + lost
    if not 0 < different <= 1 or n <= 0:
        return 0.0
    found = 0.0
    middle, spread = n * different, 8 * sqrt(n * different * (1 - different)) + 8
    for d in range(max(0, int(middle - spread)), min(n, int(middle + spread)) + 1):
        if (few := _fewest(d)) >= 0:
            losses = np.arange(few + 1)
            tails = _binomial(d, losses, lost / different) + _binomial(d, d - losses, lost / different)
            found += float(_binomial(n, np.array([d]), different)[0] * tails.sum())
    return min(1.0, found)


@lru_cache(maxsize=1024)
def detectable(n: int, lost: float = LOST) -> float | None:
    """The smallest difference of two rates on the same n cases that would show with a chance of 80 %, in hundredths.

    `lost` is the share of cases that the better arm alone gets wrong. None where no difference would show.
    """
    low, high = 1, int((1 - 2 * lost) * 100 + 1e-9)
    if n <= 0 or high < 1 or power(n, lost + high / 100, lost) < POWER:
        return None
    while low < high:
        middle = (low + high) // 2
        if power(n, lost + middle / 100, lost) >= POWER:
            high = middle
        else:
            low = middle + 1
    return low / 100


@lru_cache(maxsize=8192)
def _fewest(d: int) -> int:
    """Of d cases that differ, the most that the losing side may have for p ≤ 0.05; -1 for none."""
    few, term, total, whole = -1, 1, 1, 2**d
    while few + 1 <= d // 2 and 2 * total * 20 <= whole:
        few += 1
        term = term * (d - few) // (few + 1)
        total += term
    return few


def _binomial(n: int, k: NDArray[np.int64], share: float) -> NDArray[np.float64]:
    """The chance of k of n, for each k."""
    if share <= 0 or share >= 1:
        return np.asarray(k == (n if share >= 1 else 0), dtype=np.float64)
    logs = _logs(-(-n // 512) * 512)
    likely: NDArray[np.float64] = np.exp(logs[n] - logs[k] - logs[n - k] + k * log(share) + (n - k) * log(1 - share))
    return likely


@lru_cache(maxsize=16)
def _logs(n: int) -> NDArray[np.float64]:
    """The logarithms of the factorials from 0 to n."""
    return np.concatenate(([0.0], np.cumsum(np.log(np.arange(1, n + 1)))))

"""Which side of a split a group of samples falls on: chance with a seed, and whoever has a side keeps it.

The only place that decides sides. Everything works on whole columns (one entry a group), so that a million groups are
divided in a second: a side is its number in `SIDES`, `NOWHERE` stands for none.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Literal

import numpy as np

from datasets_app.core.arrays import PIECE, ordered
from ftstudio.errors import InvalidInput, Text

Side = Literal["train", "validation", "test"]
SIDES: tuple[Side, ...] = ("train", "validation", "test")
NOWHERE = -1
FEW_CASES = 10  # a validation side below this measures nothing: one answer more or less is ten points

Column = Any  # a numpy array of one dimension

_GOLDEN = 0x9E3779B97F4A7C15
_WORD = (1 << 64) - 1


@dataclass(frozen=True, slots=True)
class Shares:
    """Percent of the groups on each side, whole numbers from 0 that add up to 100; else `InvalidInput(shares=…)`."""

    train: int = 90
    validation: int = 10
    test: int = 0

    def __post_init__(self) -> None:
        parts = (self.train, self.validation, self.test)
        if any(isinstance(part, bool) or not isinstance(part, int) or part < 0 for part in parts):
            raise InvalidInput(shares=Text("train, validation and test must be whole percentages from 0 to 100"))
        if sum(parts) != 100:
            raise InvalidInput(
                shares=Text("train, validation and test must add up to 100, not {total}", total=sum(parts))
            )

    @property
    def percent(self) -> tuple[int, int, int]:
        return self.train, self.validation, self.test


def shuffled(keys: Column, seed: int) -> Column:
    """A number for each 64-bit key that looks drawn by lot, the same for the same key and seed on every machine.

    The finaliser of SplitMix64 (Steele, Lea and Flood, OOPSLA 2014), once for the seed and once for the key.
    """
    start = int(_mixed(np.array([(seed * _GOLDEN) & _WORD], dtype=np.uint64))[0])
    return _mixed(np.asarray(keys, dtype=np.uint64) ^ np.uint64(start))


def divide(
    keys: Column | Sequence[int],
    strata: Column | Sequence[int],
    *,
    shares: Shares,
    seed: int,
    kept: Column | Sequence[int] | None = None,
    pinned: Column | Sequence[int] | None = None,
    traits: Sequence[Sequence[str]] = (),
) -> Column:
    """The side of each group, as an int8 column: whole groups only, so whatever is in one group is on one side.

    `keys` are the groups' own 64-bit numbers, all different; `strata` says which groups are alike (labels, tags) and
    must be divided by the shares among themselves. A group that is `pinned` to a side is there, and counts for no
    share. One that was `kept` from an earlier division stays. The others are drawn in the order of `shuffled`: of each
    stratum each side gets what it lacks. Where there is nothing kept, every side has in every stratum its exact
    share rounded down or up, and which of the two is chosen so that the sides meet their shares over all strata; where
    strata have `traits` in common (of each stratum its tags), over those first (after Sechidis, Tsoumakas and Vlahavas,
    On the Stratification of Multi-Label Data, ECML 2011).
    """
    keys, strata = np.asarray(keys, dtype=np.uint64), np.asarray(strata, dtype=np.int32)
    nowhere = np.full(len(keys), NOWHERE, dtype=np.int8)
    kept = nowhere if kept is None else np.asarray(kept, dtype=np.int8)
    pinned = nowhere if pinned is None else np.asarray(pinned, dtype=np.int8)
    sides = np.where(pinned != NOWHERE, pinned, kept).astype(np.int8)
    lot = shuffled(keys, seed)  # no two keys get one number
    del keys  # eight bytes a group, while the most is in memory
    order = ordered(lot)
    del lot
    if (pinned != NOWHERE).any():
        order = order[pinned[order] == NOWHERE]
    if len(strata) and strata.min() != strata.max():
        order = order[np.argsort(strata[order], kind="stable").astype(np.int32)]
    if not len(order):
        return sides
    whole = [Fraction(0)] * len(SIDES)  # what each side should have more, over the strata so far
    of_trait: dict[str, list[Fraction]] = defaultdict(lambda: [Fraction(0)] * len(SIDES))
    for members in np.split(order, np.flatnonzero(np.diff(strata[order])) + 1):
        lacking = [whole, *(of_trait[name] for name in (traits[strata[members[0]]] if traits else ()))]
        have = [int((sides[members] == side).sum()) for side in range(len(SIDES))]
        new = members[sides[members] == NOWHERE]
        start = 0
        for side, count in enumerate(_quotas(len(new), have, shares, lacking)):
            sides[new[start : start + count]] = side
            start += count
    return sides


def _quotas(new: int, have: Sequence[int], shares: Shares, lacking: Sequence[list[Fraction]]) -> list[int]:
    """How many of a stratum's `new` groups go to each side.

    Every list of `lacking` is brought up to date: of all strata, and of those that have a trait of this one.
    """
    total = new + sum(have)
    need = [max(0, total * percent - 100 * there) for percent, there in zip(shares.percent, have, strict=True)]
    whole = sum(need) or 1
    exact = [Fraction(new * part, whole) for part in need]
    counts = [int(part) for part in exact]
    for owed in lacking:
        owed[:] = [before + part - count for before, part, count in zip(owed, exact, counts, strict=True)]
    for _ in range(new - sum(counts)):
        # Of two that lack as much, the one with less: a validation side of nothing would measure nothing.
        open_to = [side for side in range(len(SIDES)) if exact[side] > counts[side]]
        chosen = max(open_to, key=lambda side: (_owed(lacking, side), -counts[side] - have[side], -side))
        counts[chosen] += 1
        for owed in lacking:
            owed[chosen] -= 1
    return counts


def _owed(lacking: Sequence[list[Fraction]], side: int) -> tuple[Fraction, Fraction]:
    return sum((owed[side] for owed in lacking[1:]), Fraction(0)), lacking[0][side]


def mixed_rows(own: int, percent: int) -> int:
    """How many rows from elsewhere make `percent` of the whole beside `own` rows: a·X/(100−X), rounded half up."""
    return (2 * own * percent + (100 - percent)) // (2 * (100 - percent))


def _mixed(words: Column) -> Column:
    """The numbers mixed, where they stand, piece by piece: what is worked out on the way is as large as they are."""
    with np.errstate(over="ignore"):
        for at in range(0, len(words), PIECE):
            some = words[at : at + PIECE]
            some += np.uint64(_GOLDEN)
            for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
                some ^= some >> np.uint64(shift)
                some *= np.uint64(factor)
            some ^= some >> np.uint64(31)
    return words

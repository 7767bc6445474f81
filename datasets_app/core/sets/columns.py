"""What is kept of every sample of a set: a few numbers each, as columns that grow and are then compared.

Most of them lie in files meanwhile: of a million samples a column is in memory for as long as it is looked at.

Fingerprints are cut to 64 bits here: two different ones of a million meet with a chance of 3 · 10⁻⁸.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from datasets_app.core import duplicates
from datasets_app.core.arrays import by_key, picked
from datasets_app.core.sets.members import OTHER_FILE, Member
from datasets_app.core.sets.numbers import Numbers
from datasets_app.core.splitting import SIDES

Key = Literal["fingerprint", "question"]
Indexes = NDArray[np.signedinteger[Any]]

ORDER = (OTHER_FILE, *SIDES)  # where a leak is at home: the earlier side of two
_PLACES = {side: place for place, side in enumerate(ORDER)}
NOWHERE = 255
BLOCK = 4096


class Columns:
    """One entry per sample and column. `clusters` holds the index of each one's first near duplicate, -1 for none."""

    def __init__(self) -> None:
        self.at = array("I")  # lines and positions: both are counted in 32 bits
        self._kept = {"fingerprint": Numbers("Q"), "question": Numbers("Q"), "answer": Numbers("Q")}
        self._side = array("B")
        self.clusters: Indexes = np.empty(0, dtype=np.int32)
        self._firsts: dict[str, Indexes] = {}

    def __len__(self) -> int:
        return len(self.at)

    def add(self, one: Member) -> None:
        self.at.append(one.at)
        self._kept["fingerprint"].append(int(one.fingerprint[:16], 16))
        self._kept["question"].append(int(one.question[:16], 16))
        answer = duplicates.answer_fingerprint(one.sample) if one.answering is None else one.answering
        # 0 for no answer: those ask the same without contradicting each other
        self._kept["answer"].append(int(answer[:16], 16) if answer else 0)
        self._side.append(_PLACES.get(one.side, NOWHERE))

    def extend(self, others: Columns) -> None:
        """Add all that others hold, in their order."""
        self.at.extend(others.at)
        for name, values in self._kept.items():
            values.extend(others._kept[name])
        self._side.extend(others._side)

    def kept(self, name: str) -> NDArray[np.uint64]:
        return self._kept[name].whole()

    @property
    def sides(self) -> NDArray[np.uint8]:
        """Places in `ORDER`, `NOWHERE` for samples without a side."""
        return np.frombuffer(self._side, dtype=np.uint8) if len(self) else np.empty(0, dtype=np.uint8)

    @property
    def own(self) -> NDArray[np.bool_]:
        """Which samples belong to the set itself, and not to a file that it is compared with."""
        own: NDArray[np.bool_] = self.sides != ORDER.index(OTHER_FILE)
        return own

    def firsts(self, key: Key) -> Indexes:
        """For each of the set's own samples the index of the first that has the same key; itself for the rest."""
        if key not in self._firsts:
            found = np.arange(len(self), dtype=np.int32)
            chosen = _where(self.own)
            found[chosen] = chosen[first_equal(picked(self.kept(key), chosen))]
            self._firsts[key] = found
        return self._firsts[key]

    def repeats(self, key: Key) -> Iterator[tuple[int, int]]:
        """(index, first) of each own sample that has the key of an earlier one."""
        firsts = self.firsts(key)
        return pairs(_where(firsts != np.arange(len(self), dtype=np.int32)), firsts)

    def contradictions(self) -> Iterator[tuple[int, int]]:
        """(index, first) of each own sample that answers otherwise than the first that was asked the same."""
        answers = self.kept("answer")
        chosen = _where(self.own & (answers != 0))
        firsts = np.arange(len(self), dtype=np.int32)
        firsts[chosen] = chosen[first_equal(picked(self.kept("question"), chosen))]
        return pairs(_where(answers != picked(answers, firsts)), firsts)

    def near(self) -> Iterator[tuple[int, int]]:
        """(index, first) of each own sample with an earlier near duplicate, its exact repetitions left aside."""
        if not len(self.clusters):
            return iter(())
        chosen = _where(self.own & (self.clusters >= 0))
        firsts = np.arange(len(self), dtype=np.int32)
        firsts[chosen] = chosen[first_equal(self.clusters[chosen])]
        new = self.firsts("fingerprint") == np.arange(len(self))
        return pairs(_where(new & (firsts != np.arange(len(self), dtype=np.int32))), firsts)

    def cluster_sizes(self, most: int) -> tuple[int, int, list[tuple[int, int]]]:
        """How many clusters there are, of how many samples, and the largest as (index of the first, size)."""
        if not len(self.clusters):
            return 0, 0, []
        firsts, sizes = np.unique(self.clusters[self.own & (self.clusters >= 0)], return_counts=True)
        order = np.lexsort((firsts, -sizes))[:most]
        return len(firsts), int(sizes.sum()), list(zip(firsts[order].tolist(), sizes[order].tolist(), strict=True))

    def side_counts(self) -> dict[str, int]:
        """How many samples stand on each side, in the order of the sides."""
        counts = np.bincount(self.sides, minlength=len(ORDER))
        return {side: int(counts[at]) for at, side in enumerate(ORDER) if counts[at]}

    def leaks(self) -> Iterator[tuple[int, int, bool]]:
        """(index, where it is at home, whether it is the very question) of own samples met on an earlier side too."""
        homes, placed = np.full(len(self), -1, dtype=np.int32), self.sides != NOWHERE
        if len(self.clusters):
            self._leaks(self.clusters, placed & (self.clusters >= 0), homes)
        exact = self._leaks(self.kept("question"), placed, homes)
        for index, home in pairs(_where(homes >= 0), homes):
            yield index, home, bool(exact[index])

    def _leaks(self, keys: Any, which: Any, found: Indexes) -> NDArray[np.bool_]:
        """Writes down where samples are at home that share their key with an earlier side; which of them do."""
        met = np.zeros(len(self), dtype=bool)
        sides, own = self.sides, self.own
        for places in by_key(keys):
            chosen = places[which[places]]
            order = chosen[np.lexsort((chosen, sides[chosen], keys[chosen]))]
            homes = order[_group_starts(keys[order])]
            away = (sides[order] != sides[homes]) & own[order]
            met[order[away]] = True
            found[order[away]] = homes[away]
        return met


def _where(which: NDArray[np.bool_]) -> Indexes:
    """The indexes of what is true, in four bytes each: those of a million lie in memory while findings are written."""
    return np.flatnonzero(which).astype(np.int32)


def first_equal(keys: Any) -> Indexes:
    """For each key the place of the first that equals it."""
    equal = np.empty(len(keys), dtype=np.int32)
    for places in by_key(keys):
        order = places[np.argsort(keys[places], kind="stable")]
        equal[order] = order[_group_starts(keys[order])]
    return equal


def pairs(indexes: Indexes, firsts: Indexes) -> Iterator[tuple[int, int]]:
    """(index, its first) as plain numbers, of which only some thousand exist at once."""
    for at in range(0, len(indexes), BLOCK):
        some = indexes[at : at + BLOCK]
        yield from zip(some.tolist(), firsts[some].tolist(), strict=True)


def _group_starts(ordered: Any) -> Indexes:
    """For each of the sorted keys the place where its like begin."""
    begins = np.ones(len(ordered), dtype=bool)
    begins[1:] = ordered[1:] != ordered[:-1]
    places = np.where(begins, np.arange(len(ordered), dtype=np.int32), np.int32(0))
    starts: Indexes = np.maximum.accumulate(places)
    return starts

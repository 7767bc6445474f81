"""Sketches that share a bucket are compared, and what is alike is joined into clusters.

Nothing grows with the number of pairs. A member of a bucket is compared with `NEIGHBOURS` others and with the heads of
`ROUNDS` rounds, so a bucket of n costs at most (NEIGHBOURS + ROUNDS) · n comparisons, however alike a set is.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from datasets_app.core.arrays import ordered, picked, put
from datasets_app.core.sets.grams import FUNCTIONS
from datasets_app.core.sets.sketch_file import SketchFile

ALIKE = 0.7  # Jaccard similarity of two texts' grams from which they are near duplicates
CLOSE = ALIKE - 0.06  # as estimated: two standard errors less, so that hardly a true pair is lost to the estimate
CHAINED = 0.4  # what the representatives of two clusters must share before a pair of near duplicates joins them
NEIGHBOURS = 6
ROUNDS = 6
BLOCK = 1 << 14  # pairs that are compared at once
REMEMBERED = 1 << 17  # pairs of clusters that are known to be too different, a power of two: a megabyte

Indexes = NDArray[np.signedinteger[Any]]


class Joining:
    """Union-find over different texts, numbered by their hashes. The lowest number of a cluster represents it."""

    def __init__(
        self, sketches: SketchFile, rows: Indexes, empty: int | None, compare: Callable[..., Any], threads: int
    ) -> None:
        """`compare` does with `threads` threads what `map` does with one."""
        self._compare, self._threads = compare, threads
        self._sketches = sketches
        self._rows = rows
        self._empty = empty
        self._parent = np.arange(len(rows), dtype=np.int32)
        self._refused = _Pairs()

    def roots(self) -> Indexes:
        """The representative of each text's cluster; shortens all ways to it."""
        while True:
            further = self._parent[self._parent]
            if np.array_equal(further, self._parent):
                return self._parent
            self._parent = further

    def band(self, keys: NDArray[np.uint32], progress: Callable[[], object] = lambda: None) -> None:
        """Compare what shares a bucket of this band. `progress` is called after each block of pairs."""
        members, bucket = _buckets(keys, self._empty)
        for step in range(1, NEIGHBOURS + 1):
            one, other = members[:-step], members[step:]
            same = bucket[:-step] == bucket[step:]
            self._join(one[same], other[same], progress)
        for _ in range(ROUNDS):
            if not len(members):
                return
            heads = members[_starts(bucket)]
            self._join(heads, members, progress)
            roots = self.roots()
            rest = roots[heads] != roots[members]
            members, bucket = members[rest], bucket[rest]

    def _join(self, one: Indexes, other: Indexes, progress: Callable[[], object]) -> None:
        one, other = self._open(one, other)
        size = min(BLOCK, len(one) // self._threads + 1)
        firsts, seconds = ([which[at : at + size] for at in range(0, len(one), size)] for which in (one, other))
        for first, second, similar in zip(
            firsts, seconds, self._compare(self._similarity, firsts, seconds), strict=True
        ):
            alike = similar >= CLOSE
            self._unite(first[alike], second[alike])
            progress()

    def _open(self, one: Indexes, other: Indexes) -> tuple[Indexes, Indexes]:
        """The pairs that could still join clusters: of a set made from a few templates they are few."""
        roots = self.roots()
        kept: list[Indexes] = []
        for at in range(0, len(one), BLOCK):  # many at once would be many megabytes
            here, there = roots[one[at : at + BLOCK]], roots[other[at : at + BLOCK]]
            kept.append(np.flatnonzero((here != there) & ~self._refused.hold(here, there)).astype(np.int32) + at)
        open_ = np.concatenate(kept) if kept else np.empty(0, dtype=np.int32)
        return one[open_], other[open_]

    def _unite(self, one: Indexes, other: Indexes) -> None:
        """Join the clusters of pairs that are alike, one pair after the other.

        Two that are alike join their clusters only while the clusters are still about the same thing: without this a
        set made from one template becomes one endless chain.
        """
        here, there = self._heads(one), self._heads(other)
        apart = here != there
        if not apart.any():
            return
        here, there = here[apart], there[apart]
        met, numbers = np.unique(np.concatenate((here, there)), return_inverse=True)
        among = _Among(self._sketches.rows(self._rows[met]))
        # A pair of two that represent their clusters is what was compared already.
        known = ((here == one[apart]) & (there == other[apart])).tolist()
        heres, theres = numbers[: len(here)].tolist(), numbers[len(here) :].tolist()
        for a, b, close in zip(heres, theres, known, strict=True):
            among.unite(a, b, close)
        self._parent[met] = met[among.roots()]
        if among.refused:
            lows, highs = zip(*among.refused, strict=True)
            self._refused.add(met[list(lows)], met[list(highs)])

    def _heads(self, members: Indexes) -> Indexes:
        """The representatives of these alone."""
        found = self._parent[members]
        while not np.array_equal(further := self._parent[found], found):
            found = further
        return found

    def _similarity(self, one: Indexes, other: Indexes) -> NDArray[np.float64]:
        both = self._sketches.rows(self._rows[np.concatenate((one, other))])
        return similarity(both[: len(one)], both[len(one) :])


class _Among:
    """Union-find over a few thousand clusters, numbered in the order of their representatives, with the sketches of
    those at hand. In lists: of a set in which everything is alike, the single steps are what takes the time."""

    def __init__(self, sketches: NDArray[np.uint64]) -> None:
        self._sketches = sketches.view(np.uint8)
        self._parent = list(range(len(sketches)))
        self.refused: dict[tuple[int, int], bool] = {}  # in the order in which they were last met

    def unite(self, a: int, b: int, close: bool) -> None:
        """Make the clusters of these two one, if what represents them is alike enough.

        `close` says that the two themselves are near duplicates, and not only members of theirs.
        """
        low, high = self._root(a), self._root(b)
        if low == high:
            return
        close = close and low == a and high == b
        if low > high:
            low, high = high, low
        known = self.refused.pop((low, high), False)
        if close or (not known and self._similar(low, high)):
            self._parent[high] = low
        else:
            self.refused[low, high] = True

    def roots(self) -> list[int]:
        return [self._root(one) for one in range(len(self._parent))]

    def _root(self, a: int) -> int:
        parent = self._parent
        while parent[a] != a:
            parent[a] = a = parent[parent[a]]
        return a

    def _similar(self, low: int, high: int) -> bool:
        same = np.count_nonzero(self._sketches[low] == self._sketches[high])
        return bool(_estimated(same) >= CHAINED)


class _Pairs:
    """Pairs of clusters that were found too different to be joined: there is no need to compare their members again.

    A table of fixed size, in which a pair takes the place of an older one: what is forgotten is only found again.
    """

    def __init__(self) -> None:
        self._table = np.zeros(REMEMBERED, dtype=np.uint64)  # a pair is never 0: two that differ are not both the first

    def add(self, one: Indexes, other: Indexes) -> None:
        keys, places = self._keys(one, other)
        self._table[places] = keys

    def hold(self, one: Indexes, other: Indexes) -> NDArray[np.bool_]:
        """Which of the pairs are among them."""
        keys, places = self._keys(one, other)
        held: NDArray[np.bool_] = self._table[places] == keys
        return held

    def _keys(self, one: Indexes, other: Indexes) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
        keys = np.minimum(one, other).astype(np.uint64) << np.uint64(32) | np.maximum(one, other).astype(np.uint64)
        return keys, (keys * np.uint64(0x9E3779B97F4A7C15)) >> np.uint64(65 - REMEMBERED.bit_length())


def similarity(first: NDArray[np.uint64], second: NDArray[np.uint64]) -> NDArray[np.float64]:
    """How similar the texts of these sketches are, row by row."""
    equal = (first.view(np.uint8) == second.view(np.uint8)).view(np.uint64)
    # Each byte of a word is 0 or 1, and a column of them sums up to 15 at most: the factor adds the eight columns.
    same = (equal.sum(axis=1, dtype=np.uint64) * np.uint64(0x0101010101010101)) >> np.uint64(56)
    similar: NDArray[np.float64] = _estimated(same)
    return similar


def _estimated(same: Any) -> Any:
    """The similarity of sketches of which so many bytes are equal: by chance one in 256 is."""
    return (same / FUNCTIONS * 256 - 1) / 255


def different(texts: NDArray[np.uint64]) -> tuple[Indexes, Indexes]:
    """Where each different text is first met, in the order of their hashes, and for each text which of those it is."""
    order = ordered(texts)
    begins = np.ones(len(texts), dtype=bool)
    for at in range(1, len(texts), BLOCK):
        here = texts[order[at - 1 : at + BLOCK]]
        begins[at : at + BLOCK] = here[1:] != here[:-1]
    number = np.empty(len(texts), dtype=np.int32)
    put(number, order, np.cumsum(begins, dtype=np.int32) - np.int32(1))
    return order[begins], number


def _buckets(keys: NDArray[np.uint32], empty: int | None) -> tuple[Indexes, Indexes]:
    """The texts that share their key with another one, bucket by bucket, and the number of each one's bucket."""
    # A key and who has it in one number each, sorted where they stand: a third of the memory of sorting indexes.
    numbered = keys.astype(np.uint64)
    numbered <<= np.uint64(32)
    numbered |= np.arange(len(keys), dtype=np.uint32)
    numbered.sort()
    ordered, members = _halves(numbered if empty is None else numbered[numbered & _LOW != empty])
    begins = _begins(ordered)
    alone = begins.copy()
    alone[:-1] &= begins[1:]
    return members[~alone], np.cumsum(begins[~alone], dtype=np.int32) - 1


_LOW = np.uint64(0xFFFFFFFF)


def _halves(numbered: NDArray[np.uint64]) -> tuple[NDArray[np.uint32], Indexes]:
    """The upper and the lower half of each number, as views: copies of a million would take sixteen megabytes."""
    halves = numbered.astype("<u8", copy=False).view("<u4").reshape(-1, 2)
    return halves[:, 1], halves[:, 0].view("<i4")


def _begins(ordered: NDArray[Any]) -> NDArray[np.bool_]:
    """Which of the sorted values are the first of their kind."""
    begins = np.ones(len(ordered), dtype=bool)
    begins[1:] = ordered[1:] != ordered[:-1]
    return begins


def _starts(bucket: Indexes) -> Indexes:
    """For each of the sorted buckets' members where its bucket begins."""
    places = np.arange(len(bucket), dtype=np.int32)
    places[1:][bucket[1:] == bucket[:-1]] = 0
    starts: Indexes = np.maximum.accumulate(places, out=places)
    return starts


def numbered(roots: Indexes) -> Indexes:
    """Clusters named by their first index, members of one alone by -1."""
    first, last = np.full(len(roots), len(roots), dtype=np.int32), np.full(len(roots), -1, dtype=np.int32)
    for at in range(0, len(roots), BLOCK):
        here = roots[at : at + BLOCK]
        places = np.arange(at, at + len(here), dtype=np.int32)
        np.minimum.at(first, here, places)
        np.maximum.at(last, here, places)
    first[first == last] = -1
    return picked(first, roots)  # type: ignore[no-any-return]

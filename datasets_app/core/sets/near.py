"""Near duplicates in flat memory: sketches in files, band by band into buckets, verified, joined into clusters.

Nothing grows with the number of pairs. A member of a bucket is compared with `NEIGHBOURS` others and with the heads of
`ROUNDS` rounds, so a bucket of n costs at most (NEIGHBOURS + ROUNDS) · n comparisons, however alike a set is.

Everything depends on the texts alone and not on the order they came in: inside a bucket they stand by the hash of
their text, and equal texts are one before anything is compared.
"""

from __future__ import annotations

import mmap
import tempfile
from array import array
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from datasets_app.core.sets.grams import BANDS, FUNCTIONS, bands, identity, sketches

ALIKE = 0.7  # Jaccard similarity of two texts' grams from which they are near duplicates
CLOSE = ALIKE - 0.06  # as estimated: two standard errors less, so that hardly a true pair is lost to the estimate
CHAINED = 0.4  # what the representatives of two clusters must share before a pair of near duplicates joins them
NEIGHBOURS = 6
ROUNDS = 6
BLOCK = 1 << 15  # pairs that are compared at once

Indexes = NDArray[np.signedinteger[Any]]


@dataclass(frozen=True, slots=True)
class Sketched:
    """What is kept of some texts: 64 bits that stand for each (0 for an empty one, which takes no part), one row of
    bucket keys per band, and the lowest byte of each value of each sketch: equal by chance once in 256 times, which
    the estimate takes off again."""

    texts: array[int]
    keys: NDArray[np.uint32]
    sketches: NDArray[np.uint8]


def sketched(texts: Sequence[str]) -> Sketched:
    """Sketches of texts as `grams.comparable` gives them; there must be one at least."""
    identities = array("Q", (identity(text) if text else 0 for text in texts))
    values = sketches(texts)
    return Sketched(identities, np.ascontiguousarray(bands(values).T), values.astype(np.uint8))


class NearIndex:
    """Add texts in the order of their samples, then ask for the clusters once. A context manager: it holds files."""

    def __init__(self) -> None:
        self._files = ExitStack()
        self._bands = [self._file() for _ in range(BANDS)]
        self._sketches = self._file()
        self._texts = array("Q")

    def _file(self) -> Any:
        return self._files.enter_context(tempfile.TemporaryFile())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._files.close()

    def add(self, texts: Sequence[str]) -> None:
        """Take the next texts in, as `grams.comparable` gives them."""
        if texts:
            self.take(sketched(texts))

    def take(self, more: Sketched) -> None:
        """The same of texts that are sketched already."""
        self._texts.extend(more.texts)
        for file, keys in zip(self._bands, more.keys, strict=True):
            file.write(keys.tobytes())
        self._sketches.write(more.sketches.tobytes())

    def clusters(self, progress: Callable[[float], object] = lambda _share: None) -> Indexes:
        """For each text the index of the first one of its cluster, -1 where it stands alone.

        `progress` is told after each band what share of the work is done.
        """
        if not self._texts:
            return np.empty(0, dtype=np.int64)
        texts = np.frombuffer(self._texts, dtype=np.uint64)
        _, rows, number = np.unique(texts, return_index=True, return_inverse=True)
        sketches = self._read_sketches()
        joining = _Joining(sketches, rows.astype(np.int32), empty=0 if texts[rows[0]] == 0 else None)
        for at, file in enumerate(self._bands):
            file.seek(0)
            keys = np.frombuffer(file.read(), dtype=np.uint32)[rows]
            joining.band(keys)
            _give_back(sketches)
            progress((at + 1) / BANDS)
        found = _numbered(joining.roots()[number])
        found[texts == 0] = -1
        return found

    def _read_sketches(self) -> NDArray[np.uint8]:
        self._sketches.flush()
        return np.memmap(self._sketches, dtype=np.uint8, mode="r", shape=(len(self._texts), FUNCTIONS))


def _give_back(sketches: Any) -> None:
    """Let go of the pages of the file that were looked at: without this all of it would stay in memory."""
    if hasattr(mmap, "MADV_DONTNEED"):
        sketches._mmap.madvise(mmap.MADV_DONTNEED)


class _Joining:
    """Union-find over different texts, numbered by their hashes. The lowest number of a cluster represents it."""

    def __init__(self, sketched: NDArray[np.uint8], rows: Indexes, empty: int | None) -> None:
        self._words = np.asarray(sketched).view(np.uint64)  # eight values each: gathered and added up sooner
        self._rows = rows
        self._empty = empty
        self._parent = np.arange(len(rows), dtype=np.int32)

    def roots(self) -> Indexes:
        """The representative of each text's cluster; shortens all ways to it."""
        while True:
            further = self._parent[self._parent]
            if np.array_equal(further, self._parent):
                return self._parent
            self._parent = further

    def band(self, keys: NDArray[np.uint32]) -> None:
        """Compare what shares a bucket of this band."""
        members, bucket = _buckets(keys, self._empty)
        for step in range(1, NEIGHBOURS + 1):
            one, other = members[:-step], members[step:]
            same = bucket[:-step] == bucket[step:]
            self._join(one[same], other[same])
        for _ in range(ROUNDS):
            if not len(members):
                return
            first = np.searchsorted(bucket, bucket)  # where each one's bucket begins
            heads = members[first]
            self._join(heads, members)
            roots = self.roots()
            rest = roots[heads] != roots[members]
            members, bucket = members[rest], bucket[rest]

    def _join(self, one: Indexes, other: Indexes) -> None:
        roots = self.roots()
        apart = roots[one] != roots[other]
        one, other = one[apart], other[apart]
        for at in range(0, len(one), BLOCK):
            first, second = one[at : at + BLOCK], other[at : at + BLOCK]
            alike = self._similarity(first, second) >= CLOSE
            for a, b in zip(first[alike].tolist(), second[alike].tolist(), strict=True):
                self._union(a, b)

    def _union(self, a: int, b: int) -> None:
        low, high = sorted((self._root(a), self._root(b)))
        if low == high:
            return
        # Two that are alike join their clusters only while the clusters are still about the same thing: without this a
        # set made from one template becomes one endless chain.
        ends = np.array([low]), np.array([high])
        if (low, high) == tuple(sorted((a, b))) or self._similarity(*ends)[0] >= CHAINED:
            self._parent[high] = low

    def _root(self, a: int) -> int:
        parent = self._parent
        while parent[a] != a:
            a = int(parent[a])
        return a

    def _similarity(self, one: Indexes, other: Indexes) -> NDArray[np.float64]:
        first = np.take(self._words, self._rows[one], axis=0)
        second = np.take(self._words, self._rows[other], axis=0)
        equal = (first.view(np.uint8) == second.view(np.uint8)).view(np.uint64)
        # Each byte of a word is 0 or 1, and a column of them sums up to 15 at most: the factor adds the eight columns.
        same = (equal.sum(axis=1, dtype=np.uint64) * np.uint64(0x0101010101010101)) >> np.uint64(56)
        similar: NDArray[np.float64] = (same / FUNCTIONS * 256 - 1) / 255
        return similar


def _buckets(keys: NDArray[np.uint32], empty: int | None) -> tuple[Indexes, Indexes]:
    """The texts that share their key with another one, bucket by bucket, and the number of each one's bucket."""
    order = np.argsort(keys, kind="stable").astype(np.int32)
    if empty is not None:
        order = order[order != empty]
    ordered = keys[order]
    begins = np.ones(len(order), dtype=bool)
    begins[1:] = ordered[1:] != ordered[:-1]
    bucket = np.cumsum(begins, dtype=np.int32) - 1
    several = np.bincount(bucket, minlength=1)[bucket] > 1 if len(bucket) else np.empty(0, dtype=bool)
    return order[several], bucket[several]


def _numbered(roots: Indexes) -> Indexes:
    """Clusters named by their first index, members of one alone by -1."""
    _, first, of, size = np.unique(roots, return_index=True, return_inverse=True, return_counts=True)
    found: Indexes = np.where(size[of] > 1, first[of], -1)
    return found

"""Near duplicates in flat memory: sketches in files, band by band into buckets, verified, joined into clusters.

Everything depends on the texts alone and not on the order they came in: inside a bucket they stand by the hash of
their text, and equal texts are one before anything is compared.
"""

from __future__ import annotations

import tempfile
from array import array
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from types import TracebackType
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from datasets_app.core.arrays import picked
from datasets_app.core.sets.grams import BANDS, FUNCTIONS, bands, identity, sketches
from datasets_app.core.sets.joining import Indexes, Joining, different, numbered
from datasets_app.core.sets.numbers import Numbers
from datasets_app.core.sets.sketch_file import SketchFile


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


@dataclass(frozen=True, slots=True)
class Stored:
    """What an index holds: the 64 bits of each text, the sketches, and files with the bucket keys of each band."""

    texts: NDArray[np.uint64]
    sketches: SketchFile
    files: Sequence[Any]

    def bands(self) -> Iterator[NDArray[np.uint32]]:
        """The bucket keys of all texts, band by band."""
        for file in self.files:
            file.seek(0)
            yield np.frombuffer(file.read(), dtype=np.uint32)


class NearIndex:
    """Add texts in the order of their samples, then ask for the clusters once. A context manager: it holds files."""

    def __init__(self) -> None:
        self._files = ExitStack()
        self._bands = [self._file() for _ in range(BANDS)]
        self._sketches = self._file()
        self._texts = Numbers("Q")

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

    def stored(self) -> Stored:
        """What was taken in so far, to be looked at; before the clusters are asked for."""
        texts = self._texts.whole()
        return Stored(texts, SketchFile(self._sketches, len(texts), FUNCTIONS), self._bands)

    def clusters(self, progress: Callable[[float], object] = lambda _share: None, threads: int = 1) -> Indexes:
        """For each text the index of the first one of its cluster, -1 where it stands alone.

        `progress` is told now and then what share of the work is done. Sketches are compared by `threads` at once,
        each of which holds a few megabytes; what is found does not depend on their number.
        """
        if not self._texts:
            return np.empty(0, dtype=np.int32)
        texts = self._texts.whole()
        rows = different(texts)[0]
        first_is_empty = bool(texts[rows[0]] == 0)
        sketches = SketchFile(self._sketches, len(texts), FUNCTIONS)
        del texts  # eight megabytes of a million, and as which of them each is counted four: both are asked for again
        with ThreadPoolExecutor(threads) as pool:
            compare = pool.map if threads > 1 else map
            joining = Joining(sketches, rows, 0 if first_is_empty else None, compare, threads)
            for at, file in enumerate(self._bands):
                file.seek(0)
                joining.band(np.frombuffer(file.read(), dtype=np.uint32)[rows], partial(progress, at / BANDS))
                progress((at + 1) / BANDS)
        texts = self._texts.whole()
        found = numbered(picked(joining.roots(), different(texts)[1]))
        found[texts == 0] = -1
        return found

"""Sketches in a file that are looked up at random: a small file is read whole, of a large one only a small piece is in
memory at a time."""

from __future__ import annotations

import mmap
from typing import Any

import numpy as np
from numpy.typing import NDArray

HELD = 32 << 20  # bytes of a file that is read whole: looking up in it takes a third of the time
PIECE = 2 << 20  # bytes of the file that are looked up before its pages are given back
SCATTERED = 128  # or rows, since the system brings in up to 64 KB around each


class SketchFile:
    """Rows of `width` bytes, a multiple of eight, in a file that is written no more."""

    def __init__(self, file: Any, rows: int, width: int) -> None:
        file.flush()
        self._held: NDArray[np.uint64] | None = None
        if rows * width <= HELD:
            file.seek(0)
            self._held = np.frombuffer(file.read(), dtype=np.uint64).reshape(rows, width // 8)
            return
        self._mapped = np.memmap(file, dtype=np.uint64, mode="r", shape=(rows, width // 8))
        self._step = max(1, PIECE // width)
        self._met = 0

    def rows(self, wanted: NDArray[Any]) -> NDArray[np.uint64]:
        """The rows with these numbers, as words of eight bytes. Several threads may ask at the same time.

        Of a large file they are looked up in its order and not in the wanted one, so that every piece is needed once.
        """
        if self._held is not None:
            return np.take(self._held, wanted, axis=0)
        words: NDArray[np.uint64] = np.asarray(self._mapped)
        if len(wanted) <= SCATTERED:
            self._let_go(len(wanted))
            return np.take(words, wanted, axis=0)
        order = np.argsort(wanted).astype(np.int32)
        ends = np.searchsorted(wanted, range(self._step, len(words) + self._step, self._step), sorter=order)
        found = np.empty((len(wanted), words.shape[1]), dtype=np.uint64)
        begin = 0
        for end in ends.tolist():
            some = order[begin:end]
            found[some] = words[wanted[some]]
            self._let_go(len(some))
            begin = end
        return found

    def _let_go(self, met: int) -> None:
        self._met += met
        if self._met >= SCATTERED and hasattr(mmap, "MADV_DONTNEED"):
            self._mapped._mmap.madvise(mmap.MADV_DONTNEED)  # type: ignore[attr-defined]
            self._met = 0

"""Columns of numbers that only grow: the newest in memory, all before them in a file until somebody asks."""

from __future__ import annotations

import tempfile
import weakref
from array import array
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

PIECE = 1 << 16  # numbers of a column that are in memory while it grows, or while it is gone through


class Numbers:
    """Add numbers of one `array` type code, then ask for some or all of them. The file goes with the object."""

    __slots__ = ("__weakref__", "_file", "_filed", "_tail")

    def __init__(self, code: str, numbers: Iterable[int] = ()) -> None:
        self._tail = array(code)
        self._file: Any = None
        self._filed = 0
        self.extend(numbers)

    def __len__(self) -> int:
        return self._filed + len(self._tail)

    def __reduce__(self) -> tuple[Any, ...]:
        return Numbers, (self._tail.typecode, self._tail if not self._filed else array(self._tail.typecode, self))

    def append(self, number: int) -> None:
        self._tail.append(number)
        if len(self._tail) >= PIECE:
            self._put_away()

    def extend(self, numbers: Iterable[int]) -> None:
        if isinstance(numbers, Numbers) and not numbers._filed:
            numbers = numbers._tail
        self._tail.extend(numbers)
        if len(self._tail) >= PIECE:
            self._put_away()

    def take(self, numbers: NDArray[Any]) -> None:
        """Add what an array holds."""
        for at in range(0, len(numbers), PIECE):
            self._tail.frombytes(numbers[at : at + PIECE].astype(self._tail.typecode).tobytes())
            if len(self._tail) >= PIECE:
                self._put_away()

    def some(self, begin: int, end: int) -> NDArray[Any]:
        """Those from `begin` on before `end`, as an array of their own."""
        begin, end = min(begin, len(self)), min(end, len(self))
        found = np.empty(max(0, end - begin), dtype=self._tail.typecode)
        filed = max(0, min(end, self._filed) - begin)
        if filed:
            self._file.seek(begin * found.itemsize)
            self._file.readinto(found[:filed].view(np.uint8))
        if filed < len(found):
            found[filed:] = np.frombuffer(self._tail, dtype=found.dtype)[
                begin + filed - self._filed : end - self._filed
            ]
        return found

    def whole(self) -> NDArray[Any]:
        return self.some(0, len(self))

    def pieces(self) -> Iterator[NDArray[Any]]:
        """All of them in arrays of moderate size, one after the other."""
        for begin in range(0, len(self), PIECE):
            yield self.some(begin, begin + PIECE)

    def __iter__(self) -> Iterator[int]:
        for piece in self.pieces():
            yield from piece.tolist()

    def _put_away(self) -> None:
        if self._file is None:
            self._file = tempfile.TemporaryFile()  # noqa: SIM115  (closed when the column is gone)
            weakref.finalize(self, self._file.close)
        self._file.seek(0, 2)
        self._tail.tofile(self._file)
        self._filed += len(self._tail)
        del self._tail[:]

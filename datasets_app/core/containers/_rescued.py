"""A member of a zip archive as far as it can be had: what stands before a damage is read, to the byte.

The library throws away what it has unpacked of a piece when the piece turns out to be damaged: up to some hundred good
rows. So a piece that fails is unpacked anew, byte by byte, and what came of it is given up to its last whole line.
"""

from __future__ import annotations

import copy
import io
import zipfile
import zlib
from collections.abc import Callable
from typing import IO, Any

from datasets_app.core.containers._zipped import BROKEN

_PIECE = 1 << 16


class Rescued(io.RawIOBase):
    """The bytes of a member. Raises one of `BROKEN` at the damage, after all whole lines before it (which end in
    `ends`). Where everything could be unpacked but is not what was packed, it ends as it should, `wrong` being set."""

    def __init__(self, opened: Callable[[zipfile.ZipInfo], IO[bytes]], member: zipfile.ZipInfo, ends: bytes) -> None:
        self._opened = opened
        self._expected = member.CRC
        self._member = copy.copy(member)
        self._member.CRC = None  # type: ignore[assignment]  # the library would keep the last piece to itself
        self._ends = ends
        self._stream = opened(self._member)
        self._at = self._sum = 0
        self._error: Exception | None = None
        self.wrong = False

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = 0) -> int:
        """Only back to the start, and to where it is."""
        if whence != 0 or offset not in (0, self._at):
            raise io.UnsupportedOperation
        if offset != self._at:
            self._stream.close()
            self._stream = self._opened(self._member)
            self._at = self._sum = 0
            self._error = None
        return offset

    def readinto(self, buffer: Any) -> int:
        data = self.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def read(self, size: int = -1) -> bytes:
        if size < 0:
            return self.readall()
        if self._error is not None:
            raise self._error
        try:
            data = self._stream.read(min(size, _PIECE))
        except BROKEN as error:
            self._error = error
            data = self._before_the_damage(size)
            if not data:
                raise
        self._at += len(data)
        self._sum = zlib.crc32(data, self._sum)
        if size and not data:
            self.wrong = self._sum != self._expected
        return data

    def close(self) -> None:
        self._stream.close()
        super().close()

    def _before_the_damage(self, size: int) -> bytes:
        """What can be unpacked from here on, up to the last whole line; at most `size` bytes."""
        self._stream.close()
        self._stream = self._opened(self._member)
        left = self._at
        found = bytearray()
        try:
            while left and (passed := self._stream.read(min(left, _PIECE))):
                left -= len(passed)
            self._stream.MIN_READ_SIZE = 1  # type: ignore[attr-defined]  # or four kilobytes are unpacked at least
            while len(found) < size and (byte := self._stream.read(1)):
                found += byte
        except BROKEN:
            pass
        return bytes(found[: found.rfind(self._ends) + 1])

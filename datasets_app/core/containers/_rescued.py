"""A member of a zip archive as far as it can be had: what stands before a damage is read, to the byte.

The library throws away what it has unpacked, or could, when a piece turns out to be damaged or cut off: hundreds of
good rows. So from there on it is unpacked anew, byte by byte, and what comes of it is given up to its last whole line.

What stands behind the damage cannot be had: nearly all of it is packed as copies of the 32 KB before, and copies of
those. With one third of real rows lost, of what followed not even one line's end was left (150 and 600 KB, level 6).
"""

from __future__ import annotations

import contextlib
import copy
import io
import shutil
import tempfile
import zipfile
import zlib
from collections.abc import Callable
from typing import IO, Any

from datasets_app.core.containers._zipped import BROKEN

_PIECE = 1 << 13  # so much is taken at a time; what is left of it packed may be a thousand times as much


class Rescued(io.RawIOBase):
    """The bytes of a member. Raises one of `BROKEN` at the damage, after all whole lines before it (which end in
    `ends`). With None for `ends` all that can be had comes, and then the end as if there were no more, `error` being
    set. Where everything could be unpacked but is not what was packed, it ends as it should, `wrong` being set."""

    def __init__(
        self, opened: Callable[[zipfile.ZipInfo], IO[bytes]], member: zipfile.ZipInfo, ends: bytes | None
    ) -> None:
        self._opened = opened
        self._expected = member.CRC
        self._member = copy.copy(member)
        self._member.CRC = None  # type: ignore[assignment]  # the library would keep the last piece to itself
        self.ends: bytes | None = ends
        self._stream = opened(self._member)
        self._at = self._sum = 0
        self.error: Exception | None = None
        self._saved = b""  # what comes before the error
        self._file: IO[bytes] | None = None  # all that could be unpacked
        self.wrong = False

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = 0) -> int:
        """From the start on. To go back to the start it is unpacked anew; to go elsewhere all of it is, to a file."""
        if whence != 0:
            raise io.UnsupportedOperation
        if self._file is None and offset != self._at:
            self._stream.close()
            self._stream = self._opened(self._member)
            self._at = self._sum = 0
            self.error, self._saved = None, b""
            if offset:
                self._unpack()
        if self._file is not None:
            self._at = self._file.seek(offset)
        return offset

    def _unpack(self) -> None:
        file = tempfile.TemporaryFile()  # noqa: SIM115  it is closed with this one
        with contextlib.suppress(*BROKEN):  # it is remembered
            shutil.copyfileobj(self, file, _PIECE)
        self._file = file

    def readinto(self, buffer: Any) -> int:
        data = self.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def read(self, size: int = -1) -> bytes:
        if size < 0:
            return self.readall()
        if self._file is not None:
            return self._read_file(size)
        if self.error is None:
            try:
                data = self._stream.read(min(size, _PIECE))
            except BROKEN as error:
                self.error, self._saved = error, self._before_the_damage()
        if self.error is not None:
            data, self._saved = self._saved[:size], self._saved[size:]
            if not data and self.ends is not None:
                raise self.error
        self._at += len(data)
        self._sum = zlib.crc32(data, self._sum)
        if size and not data and self.error is None:
            self.wrong = self._sum != self._expected
        return data

    def _read_file(self, size: int) -> bytes:
        data = self._file.read(size) if self._file is not None else b""
        if size and not data and self.error is not None and self.ends is not None:
            raise self.error
        self._at += len(data)
        return data

    def close(self) -> None:
        self._stream.close()
        if self._file is not None:
            self._file.close()
        super().close()

    def _before_the_damage(self) -> bytes:
        """What can be unpacked from here on, up to the last whole line."""
        self._stream.close()
        self._stream = self._opened(self._member)
        left = self._at
        found = bytearray()
        try:
            while left and (passed := self._stream.read(min(left, _PIECE))):
                left -= len(passed)
            self._stream.MIN_READ_SIZE = 1  # type: ignore[attr-defined]  # or four kilobytes are unpacked at least
            while byte := self._stream.read(1):
                found += byte
        except BROKEN:
            pass
        return bytes(found if self.ends is None else found[: found.rfind(self.ends) + 1])

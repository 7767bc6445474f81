"""What is inside of a file that was compressed with gzip, also of one that is damaged: to the byte before the damage.

Format: RFC 1952. The library gives up a whole block with the byte that it cannot unpack; here it is unpacked anew from
a copy of its state, byte by byte.
"""

from __future__ import annotations

import zlib
from typing import Any

from datasets_app.core.damage import BROKEN, CHANGED, CUT, ENDS

ENDING = ".gz"
_MAGIC, _DEFLATE = b"\x1f\x8b", 8
_HEADER_SUM, _EXTRA, _NAME, _COMMENT = 2, 4, 8, 16  # flags
_BLOCK = 1 << 16  # bytes that are read at once, and that are unpacked at once
_TRAILER = 8  # bytes: checksum and length


class Unpacked:
    """The bytes inside, to be read from the start on. How much of it is read, whoever reads it decides.

    Once all is read, `damage` says what was wrong, as `core.damage` calls it; "" for nothing.
    """

    def __init__(self, file: Any) -> None:
        file.seek(0)
        self.damage = ""
        self._file = file
        self._packed = b""  # read and not yet unpacked
        self._inflate: Any = None  # of the member that is being unpacked
        self._full = False  # what it gave last was all that it may give at once: it may hold more
        self._sum = self._members = 0
        self._over = False
        self._held = b""

    def read(self, size: int = -1) -> bytes:
        parts = [self._held]
        length = len(self._held)
        while not self._over and (size < 0 or length < size):
            parts.append(self._more())
            length += len(parts[-1])
        data = b"".join(parts)
        size = length if size < 0 else size
        data, self._held = data[:size], data[size:]
        return data

    def _more(self) -> bytes:
        """What is unpacked next; b"" where it goes on, or where all is `_over`."""
        if self._inflate is None and not self._begun():
            return b""
        if not self._packed and not self._full and not self._fill(1):
            return self._broken_off(CUT)
        before = self._inflate.copy()
        try:
            data: bytes = self._inflate.decompress(self._packed, _BLOCK)
        except zlib.error:
            data = _to_the_byte(before, self._packed)
            self._broken_off(BROKEN)
            return data
        self._full = len(data) == _BLOCK
        self._sum = zlib.crc32(data, self._sum)
        self._packed = self._inflate.unconsumed_tail
        if self._inflate.eof:
            self._packed = self._inflate.unused_data
            self._ended()
        return data

    def _broken_off(self, damage: str) -> bytes:
        self.damage, self._over = damage, True
        return b""

    def _fill(self, size: int) -> bool:
        """Whether so many bytes that are not yet unpacked are to be had."""
        while len(self._packed) < size and (block := self._file.read(_BLOCK)):
            self._packed += block
        return len(self._packed) >= size

    def _begun(self) -> bool:
        """Go to the data of the next member. A file may be several, one behind the other, and zeros behind the last."""
        while self._members and self._fill(1) and not (rest := self._packed.lstrip(b"\0")):
            self._packed = rest
        if self._members:
            self._packed = self._packed.lstrip(b"\0")
            if not self._packed:
                self._over = True
                return False
        if not self._header():
            self._broken_off(ENDS if self._members else BROKEN)
            return False
        self._inflate, self._sum, self._full = zlib.decompressobj(-zlib.MAX_WBITS), 0, False
        self._members += 1
        return True

    def _header(self) -> bool:
        """Pass over the member's header; False for what is none."""
        if not self._fill(10) or self._packed[:2] != _MAGIC or self._packed[2] != _DEFLATE:
            return False
        flags = self._packed[3]
        size = 10
        if flags & _EXTRA:
            if not self._fill(size + 2):
                return False
            size += 2 + int.from_bytes(self._packed[size : size + 2], "little")
        for flag in (_NAME, _COMMENT):
            if flags & flag:
                if (end := self._zero(size)) < 0:
                    return False
                size = end + 1
        size += 2 if flags & _HEADER_SUM else 0
        if not self._fill(size):
            return False
        self._packed = self._packed[size:]
        return True

    def _zero(self, begin: int) -> int:
        """Where the text that begins there ends; -1 for one longer than any name."""
        self._fill(begin + _BLOCK)
        return self._packed.find(b"\0", begin, begin + _BLOCK)

    def _ended(self) -> None:
        """Behind a member's data stand its checksum and its length."""
        if not self._fill(_TRAILER):
            self._broken_off(ENDS)
            return
        if int.from_bytes(self._packed[:4], "little") != self._sum:
            self.damage = CHANGED
        self._packed, self._inflate = self._packed[_TRAILER:], None


def _to_the_byte(inflate: Any, packed: bytes) -> bytes:
    """What can be unpacked before what cannot."""
    found = bytearray()
    try:
        while byte := inflate.decompress(packed, 1):
            found += byte
            packed = inflate.unconsumed_tail
    except zlib.error:
        pass
    return bytes(found)

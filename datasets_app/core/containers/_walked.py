"""The members of an archive whose list is gone, as when a download broke off: found by the header before each.

Formats: APPNOTE 4.3.7 (header), 4.3.9 (sizes that stand behind the data), 4.5.3 (sizes beyond four gigabytes).
"""

from __future__ import annotations

import re
import struct
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import IO

_HEADER = struct.Struct("<4s5H3L2H")
_MEMBER, _LIST, _SIZES = b"PK\x03\x04", b"PK\x01\x02", b"PK\x07\x08"
_NEXT = re.compile(re.escape(_MEMBER) + b"|" + re.escape(_LIST))
_SIZES_BEHIND, _NAME_IN_UTF_8 = 1 << 3, 1 << 11
_LARGE = 0xFFFFFFFF  # in place of a size that needs eight bytes
_BLOCK = 1 << 16
_MOST_GAPS = 1000

# Called with the bytes of a member's header (0 while it is being unpacked), its bytes packed and unpacked; raises.
Allowed = Callable[[int, int, int], None]


@dataclass(slots=True)
class Walk:
    """`members` in their order. `cut` is the last of them when the file ends inside of it; `ended` is set when the
    archive's list was reached, and `gaps` counts the places where no member stood that should: without any, none is
    missing."""

    members: list[zipfile.ZipInfo] = field(default_factory=list)
    cut: zipfile.ZipInfo | None = None
    ended: bool = False
    gaps: int = 0


def walk(stream: IO[bytes], allowed: Allowed) -> Walk:
    """Every member from the start of the stream on. Flat memory but for the members' names.

    Only what does not tell its size is unpacked, to find out; where that cannot be, the walk ends. A member that is
    cut off is said to be longer than the file: whoever reads it meets the end, and knows. Where no member stands that
    should, as when bytes are missing in the one before, the next is looked for from the start of that on.
    """
    found = Walk()
    size = stream.seek(0, 2)
    at = begins = 0
    while True:
        info = _member(stream, at)
        if info is None:
            found.ended = _stands(stream, at, _LIST)
            if found.ended or found.gaps == _MOST_GAPS or (following := _next(stream, begins)) is None:
                break
            found.cut, found.gaps = None, found.gaps + 1
            at, begins = following, following + len(_MEMBER)
            continue
        header, begins = at, stream.tell()
        behind = info.flag_bits & _SIZES_BEHIND
        if behind and not info.compress_size:
            if info.compress_type not in _MEASURED:
                break
            _measure(stream, info, size - begins, allowed)
        allowed(begins - header, info.compress_size, info.file_size)
        found.members.append(info)
        at = begins + info.compress_size
        if at > size:
            found.cut = info
        elif behind:
            at = _after_sizes(stream, at)
    return found


def _stands(stream: IO[bytes], at: int, mark: bytes) -> bool:
    stream.seek(at)
    return stream.read(len(mark)) == mark


def _next(stream: IO[bytes], at: int) -> int | None:
    """Where the next header, or the archive's list, may stand."""
    stream.seek(at)
    held = b""
    while block := stream.read(_BLOCK):
        held += block
        if found := _NEXT.search(held):
            return at + found.start()
        keep = held[-3:]
        at, held = at + len(held) - len(keep), keep
    return None


def _member(stream: IO[bytes], at: int) -> zipfile.ZipInfo | None:
    """The member whose header stands at the offset, the stream being left behind that; None when there is none."""
    stream.seek(at)
    head = stream.read(_HEADER.size)
    if len(head) < _HEADER.size or not head.startswith(_MEMBER):
        return None
    _mark, _version, flags, method, _time, _date, crc, packed, size, of_name, of_extra = _HEADER.unpack(head)
    name, extra = stream.read(of_name), stream.read(of_extra)
    if len(name) + len(extra) < of_name + of_extra:
        return None
    try:
        info = zipfile.ZipInfo(name.decode("utf-8" if flags & _NAME_IN_UTF_8 else "cp437"))
    except UnicodeDecodeError:
        return None
    info.header_offset = at
    info.flag_bits, info.compress_type, info.CRC = flags, method, crc
    info.file_size, info.compress_size = _large(extra, size, packed)
    return info


def _large(extra: bytes, size: int, packed: int) -> tuple[int, int]:
    """The sizes, unpacked and packed, from the extra fields where they do not fit the header."""
    while len(extra) >= 4 and _LARGE in (size, packed):
        kind, length = struct.unpack("<2H", extra[:4])
        if kind == 1:
            numbers = [int.from_bytes(extra[at : at + 8], "little") for at in range(4, 4 + length - 7, 8)]
            size = numbers.pop(0) if size == _LARGE and numbers else size
            packed = numbers.pop(0) if packed == _LARGE and numbers else packed
        extra = extra[4 + length :]
    return size, packed


def _measure(stream: IO[bytes], info: zipfile.ZipInfo, room: int, allowed: Allowed) -> None:
    """Set the sizes of the member whose data begins here; `room` is how many bytes the file has left for it."""
    packed, size, checksum = _MEASURED[info.compress_type](stream, allowed)
    if packed:
        info.compress_size, info.file_size, info.CRC = packed, size, checksum
    else:
        info.compress_size = room + 1
        info.file_size = size + _BLOCK + 1  # more than there is, whatever the last block holds


def _unpacked(stream: IO[bytes], allowed: Allowed) -> tuple[int, int, int]:
    """(packed, unpacked, checksum) of deflated data, which itself says where it ends; packed is 0 when it does not."""
    unpacker = zlib.decompressobj(-zlib.MAX_WBITS)
    packed = size = checksum = 0
    try:
        while not unpacker.eof and (block := stream.read(_BLOCK)):
            packed += len(block)
            while block and not unpacker.eof:
                data = unpacker.decompress(block, _BLOCK)
                size, checksum = size + len(data), zlib.crc32(data, checksum)
                allowed(0, packed, size)
                block = unpacker.unconsumed_tail
    except zlib.error:
        return 0, size, 0
    return (packed - len(unpacker.unused_data) if unpacker.eof else 0), size, checksum


def _until_sizes(stream: IO[bytes], _allowed: Allowed) -> tuple[int, int, int]:
    """The same of data as it is, which ends where its own checksum and length stand behind the mark."""
    passed = checksum = 0  # of what was looked through: each byte once, however often the mark comes
    held = b""
    while block := stream.read(_BLOCK):
        held += block
        start = 0
        while (at := held.find(_SIZES, start)) >= 0 and at + 12 <= len(held):
            passed, checksum = passed + at - start, zlib.crc32(held[start:at], checksum)
            if struct.unpack("<2L", held[at + 4 : at + 12]) == (checksum, passed & _LARGE):
                return passed, passed, checksum
            passed, checksum, start = passed + 1, zlib.crc32(held[at : at + 1], checksum), at + 1
        done = at if at >= 0 else max(start, len(held) - len(_SIZES) + 1)
        passed, checksum, held = passed + done - start, zlib.crc32(held[start:done], checksum), held[done:]
    return 0, passed, 0


_MEASURED = {zipfile.ZIP_DEFLATED: _unpacked, zipfile.ZIP_STORED: _until_sizes}


def _after_sizes(stream: IO[bytes], at: int) -> int:
    """Where the next header should stand: behind sizes of four or eight bytes, with or without a mark, if there are."""
    stream.seek(at)
    behind = stream.read(24 + len(_MEMBER))
    return next((at + n for n in (0, 16, 24, 12, 20) if behind[n : n + 4] in (_MEMBER, _LIST)), at)

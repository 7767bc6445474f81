"""Opening a zip archive from an unknown hand: what it holds is counted before anything of it is unpacked."""

from __future__ import annotations

import re
import zipfile
import zlib
from typing import BinaryIO

from ftstudio.errors import InvalidInput, Text

MOST_MEMBERS = 200_000
MOST_DIRECTORY = 64 << 20  # bytes of the list of members: the library reads all of it before anything can be counted
MOST_BYTES = 8 << 30  # unpacked, all members together
MOST_TIMES = 500  # so many times larger may a member become that unpacks to more than `_FREE`
_FREE = 64 << 20
_LAST = (1 << 16) + 200  # bytes: the records at the end, and the longest comment behind them

# What the library raises for archives that are cut off, damaged, encrypted (RuntimeError) or packed in unknown ways.
BROKEN = (zipfile.BadZipFile, zlib.error, RuntimeError, NotImplementedError, EOFError, OSError, ValueError)


def opened(stream: BinaryIO, *, most_bytes: int = MOST_BYTES) -> zipfile.ZipFile:
    """The archive. Raises `InvalidInput` when it is damaged or would unpack to more than it may.

    The sizes are those of the archive's directory; unpacking never reads more of a member than the directory says.
    """
    if _directory(stream) > MOST_DIRECTORY:
        raise _too_many()
    try:
        archive = zipfile.ZipFile(stream)
        members = archive.infolist()
    except BROKEN as error:
        raise InvalidInput(file=Text("The archive is damaged or cut off: pack it again.")) from error
    if len(members) > MOST_MEMBERS:
        raise _too_many()
    if sum(member.file_size for member in members) > most_bytes:
        raise InvalidInput(
            file=Text("The archive unpacks to more than {n} MB: split it.", n=most_bytes >> 20),
        )
    if any(member.file_size > max(_FREE, MOST_TIMES * member.compress_size) for member in members):
        raise InvalidInput(file=Text("A file in the archive unpacks to a suspicious size: it is not opened."))
    return archive


def _too_many() -> InvalidInput:
    return InvalidInput(file=Text("The archive holds more than {n} files: split it.", n=MOST_MEMBERS))


def _directory(stream: BinaryIO) -> int:
    """How many bytes the archive's list of its members may have, at most; the stream is left at its start.

    By APPNOTE 4.3.16 the record at the end (PK 05 06) tells at its byte 12, in a large archive another (4.3.14,
    PK 06 06) at byte 40. Which of several records a library takes is its own affair: the largest counts here.
    """
    size = stream.seek(0, 2)
    stream.seek(max(0, size - _LAST))
    tail = stream.read(_LAST)
    stream.seek(0)
    said = [0]
    for mark, place, width in ((b"PK\x05\x06", 12, 4), (b"PK\x06\x06", 40, 8)):
        for found in re.finditer(mark, tail):
            at = found.start() + place
            said.append(int.from_bytes(tail[at : at + width], "little"))
    return max(n for n in said if n <= size)

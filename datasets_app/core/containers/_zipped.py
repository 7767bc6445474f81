"""Opening a zip archive from an unknown hand: what it holds is counted before anything of it is unpacked."""

from __future__ import annotations

import zipfile
import zlib
from typing import BinaryIO

from ftstudio.errors import InvalidInput, Text

MOST_MEMBERS = 200_000
MOST_BYTES = 8 << 30  # unpacked, all members together
MOST_TIMES = 500  # so many times larger may a member become that unpacks to more than `_FREE`
_FREE = 64 << 20

# What the library raises for archives that are cut off, damaged, encrypted (RuntimeError) or packed in unknown ways.
BROKEN = (zipfile.BadZipFile, zlib.error, RuntimeError, NotImplementedError, EOFError, OSError, ValueError)


def opened(stream: BinaryIO, *, most_bytes: int = MOST_BYTES) -> zipfile.ZipFile:
    """The archive. Raises `InvalidInput` when it is damaged or would unpack to more than it may.

    The sizes are those of the archive's directory; unpacking never reads more of a member than the directory says.
    """
    try:
        archive = zipfile.ZipFile(stream)
        members = archive.infolist()
    except BROKEN as error:
        raise InvalidInput(file=Text("The archive is damaged or cut off: pack it again.")) from error
    if len(members) > MOST_MEMBERS:
        raise InvalidInput(file=Text("The archive holds more than {n} files: split it.", n=MOST_MEMBERS))
    if sum(member.file_size for member in members) > most_bytes:
        raise InvalidInput(
            file=Text("The archive unpacks to more than {n} MB: split it.", n=most_bytes >> 20),
        )
    if any(member.file_size > max(_FREE, MOST_TIMES * member.compress_size) for member in members):
        raise InvalidInput(file=Text("A file in the archive unpacks to a suspicious size: it is not opened."))
    return archive

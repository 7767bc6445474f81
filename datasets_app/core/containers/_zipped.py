"""Opening a zip archive from an unknown hand: what it holds is counted before anything of it is unpacked."""

from __future__ import annotations

import copy
import re
import zipfile
import zlib
from typing import IO, Any, BinaryIO, TypeVar

from datasets_app.core.containers._walked import Allowed, Walk, walk
from ftstudio.errors import InvalidInput, Text

MOST_MEMBERS = 200_000
MOST_DIRECTORY = 64 << 20  # bytes of the list of members: the library reads all of it before anything can be counted
MOST_BYTES = 8 << 30  # unpacked, all members together
MOST_TIMES = 500  # so many times larger may a member become that unpacks to more than `_FREE`
_FREE = 64 << 20
_LAST = (1 << 16) + 200  # bytes: the records at the end, and the longest comment behind them

# What the library raises for archives that are cut off, damaged, encrypted (RuntimeError) or packed in unknown ways.
BROKEN = (zipfile.BadZipFile, zlib.error, RuntimeError, NotImplementedError, EOFError, OSError, ValueError)


class Archive(zipfile.ZipFile):
    """An archive, whole or cut off: where the list of its members is gone, they are found one after the other.

    `lost` says what of a cut off archive is missing; None when nothing is. Raises `InvalidInput` for one that would
    unpack to more than `most_bytes`, and one of `BROKEN` for what is no archive.
    """

    def __init__(self, stream: IO[bytes], most_bytes: int = MOST_BYTES) -> None:
        self._most_bytes = most_bytes
        self.lost: Text | None = None
        self._places: dict[str, zipfile.ZipInfo] | None = None  # the members as they were found, not as they are listed
        super().__init__(stream)

    def _RealGetContents(self) -> None:
        try:
            super()._RealGetContents()  # type: ignore[misc]
        except BROKEN:
            found = self._walk()
            if not found.members:
                raise zipfile.BadZipFile from None
            self.filelist[:] = found.members
            self.NameToInfo.clear()
            self.NameToInfo.update((member.filename, member) for member in found.members)
            self.lost = _lost(found)
            return
        allowed = _limits(self._most_bytes)
        for member in self.filelist:
            allowed(1, member.compress_size, member.file_size)

    def open(self, name: Any, mode: Any = "r", *args: Any, **how: Any) -> Any:
        """A member, also where it does not stand as the list says because bytes are missing before it."""
        try:
            return super().open(name, mode, *args, **how)
        except (zipfile.BadZipFile, ValueError, OSError):
            if self._places is None:
                self._places = {member.filename: member for member in self._walk().members}
            member = copy.copy(name if isinstance(name, zipfile.ZipInfo) else self.getinfo(name))
            place = self._places.get(member.filename)
            if place is None:
                raise
            member.header_offset, member.orig_filename = place.header_offset, place.orig_filename
            return super().open(member, mode, *args, **how)

    def _walk(self) -> Walk:
        return walk(self.fp, _limits(self._most_bytes))  # type: ignore[arg-type]


def _lost(found: Walk) -> Text | None:
    name = found.members[-1].filename
    if found.cut:
        return Text("The file is cut off in “{name}”: upload it again whole.", name=name)
    if not found.ended:
        return Text("The file is cut off after “{name}”: upload it again whole.", name=name)
    return Text("The archive is damaged: some of its files may be missing.") if found.gaps else None


_Kind = TypeVar("_Kind", bound=Archive)


def opened(stream: BinaryIO, *, most_bytes: int = MOST_BYTES, kind: type[_Kind] = Archive) -> _Kind:  # type: ignore[assignment]
    """The archive. Raises `InvalidInput` when it is damaged or would unpack to more than it may.

    The sizes are those of the archive's directory, or of its members' headers where that is lost; unpacking never
    reads more of a member than they say.
    """
    if _directory(stream) > MOST_DIRECTORY:
        raise _too_many()
    try:
        return kind(stream, most_bytes)
    except BROKEN as error:
        raise InvalidInput(file=Text("The archive is damaged or cut off: pack it again.")) from error


def _limits(most_bytes: int) -> Allowed:
    """What counts the members as they are found, and raises `InvalidInput` for one too many or too large."""
    members = directory = total = 0

    def allowed(header: int, packed: int, size: int) -> None:
        nonlocal members, directory, total
        if header:
            members, directory, total = members + 1, directory + header, total + size
        if members > MOST_MEMBERS or directory > MOST_DIRECTORY:
            raise _too_many()
        if total + (0 if header else size) > most_bytes:
            raise InvalidInput(
                file=Text("The archive unpacks to more than {n} MB: split it.", n=most_bytes >> 20),
            )
        if size > max(_FREE, MOST_TIMES * packed):
            raise InvalidInput(file=Text("A file in the archive unpacks to a suspicious size: it is not opened."))

    return allowed


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

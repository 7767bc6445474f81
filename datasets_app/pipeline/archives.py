"""The pictures in a zip beside its rows: found by the names that rows call them, read under limits, kept once."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import PurePosixPath
from typing import Any, BinaryIO
from uuid import UUID

from datasets_app.core.containers._zipped import BROKEN, opened
from datasets_app.models import Upload
from ftstudio.errors import InvalidInput, Text

from . import pictures

ZIP = "zip"
SUFFIXES = (".jpg", ".jpeg", ".png", ".webp")
LONGEST_NAME = 400
_NAME_IN_UTF_8 = 1 << 11  # by APPNOTE 4.4.4


class Pictures:
    """The pictures of one archive. Nothing is written to a disk by its name in the archive, nothing is read twice.

    A row may call a picture by its path in the archive, by its path from any folder above it on, or by its bare name,
    as long as no other picture answers to the same.
    """

    def __init__(self, archive: zipfile.ZipFile, project_id: UUID) -> None:
        self._archive = archive
        self._project_id = project_id
        self._members: dict[str, list[zipfile.ZipInfo]] = {}
        self._kept: dict[str, str] = {}  # path in the archive → sha256
        self.total = 0
        for member in archive.infolist():
            path = _path(member.filename)
            if path.suffix.lower() in SUFFIXES and not member.is_dir() and "__MACOSX" not in path.parts:
                self.total += 1
                for name in {name for spelled in _spellings(member) for name in _names_of(_path(spelled))}:
                    self._members.setdefault(name, []).append(member)

    def named_in(self, record: Any) -> dict[str, str]:
        """Name → sha256 of every picture that some text of the record is the name of; they are kept now.

        Raises InvalidInput for a name that several answer to, and for a picture that cannot be used.
        """
        found: dict[str, str] = {}
        for text in _texts(record):
            name = text.removeprefix("./")
            if text not in found and len(name) < LONGEST_NAME and name in self._members:
                found[text] = self._keep(name)
        return found

    def names_in(self, record: Any) -> dict[str, str]:
        """As `named_in`, without a look at the pictures: nothing is kept, and every sha256 is ""."""
        return {text: "" for text in _texts(record) if text.removeprefix("./") in self._members}

    def _keep(self, name: str) -> str:
        members = self._members[name]
        exact = [member for member in members if member.filename == name]
        if len(exact or members) > 1:
            raise InvalidInput(
                file=Text("Several pictures of the archive are called “{name}”: write the folder too.", name=name)
            )
        member = (exact or members)[0]
        if member.filename not in self._kept:
            try:
                self._kept[member.filename] = pictures.keep(self._project_id, self._read(member)).sha256
            except InvalidInput as error:
                text = Text("The picture “{name}” cannot be used. {reason}", name=name, reason=error.message)
                raise InvalidInput(file=text) from error
        return self._kept[member.filename]

    def _read(self, member: zipfile.ZipInfo) -> bytes:
        """Never more than a picture may have, whatever the archive says of its size."""
        try:
            with self._archive.open(member) as stream:
                return stream.read(pictures.MAX_BYTES + 1)
        except BROKEN as error:
            raise InvalidInput(file=Text("It cannot be taken out of the archive.")) from error


def pictures_in(upload: Upload, stream: BinaryIO) -> Pictures:
    """The pictures of the upload's archive. Raises InvalidInput when that is damaged or would unpack to too much."""
    return Pictures(opened(stream), upload.dataset.project_id)


def _path(name: str) -> PurePosixPath:
    return PurePosixPath(name.replace("\\", "/"))


def _spellings(member: zipfile.ZipInfo) -> Iterator[str]:
    """The member's name, and what it may mean: a Mac writes UTF-8 and a Chinese Windows GBK, and neither says so."""
    yield member.filename
    if member.flag_bits & _NAME_IN_UTF_8 or member.filename.isascii():
        return
    for encoding in ("utf-8", "gb18030"):
        with suppress(UnicodeError):
            yield member.filename.encode("cp437").decode(encoding)  # some names are valid in both


def _names_of(path: PurePosixPath) -> Iterator[str]:
    """What rows may call a picture: its path from any folder on, no longer than a name may be.

    From the end on: a path may have tens of thousands of parts, and all its endings together gigabytes.
    """
    name = ""
    for part in reversed(path.parts):
        name = f"{part}/{name}" if name else part
        if len(name) >= LONGEST_NAME:
            return
        yield name


def _texts(value: Any) -> Iterator[str]:
    """Every text in a JSON value, keys left out."""
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, str):
            yield one
        elif isinstance(one, dict):
            waiting += one.values()
        elif isinstance(one, list):
            waiting += one

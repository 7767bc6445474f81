"""The file of an upload at the door: its name, its bytes on their way into storage, and what it is found to be."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePath
from typing import IO, Any

from django.core.files.base import File

from datasets_app.core.containers import CONTAINERS
from datasets_app.models import Upload
from datasets_app.pipeline import opening
from ftstudio.errors import InvalidInput, Listed, Text
from ftstudio.web.texts import to_row

from . import gunzip, upload_options
from .upload_memory import mapping_as_before

EXTENSIONS = tuple(dict.fromkeys(ending for one in CONTAINERS.values() for ending in one.extensions))

# What people pick by mistake: its first bytes, and what to call it.
_OTHER_FILES: dict[bytes, Text] = {
    b"\x89PNG": Text("an image"),
    b"\xff\xd8\xff": Text("an image"),
    b"%PDF": Text("a PDF document"),
    b"\x1f\x8b": Text("a compressed file"),
    b"\x28\xb5\x2f\xfd": Text("a compressed file"),
    b"version https://git-lfs": Text("a note of Git LFS where the file should be (git lfs pull fetches it)"),
    b"<!doctype html": Text("a web page"),
    b"<html": Text("a web page"),
}

# What holds rows and is not read, and what to do with it.
_AS_XLSX = Text("“{ending}” is not read: open it in Excel, WPS or LibreOffice, save it as .xlsx and upload that.")
_OPENED = Text("“{ending}” is not unpacked here: unpack it and upload what is inside, or pack it as .gz or .zip.")
_INSTEAD: dict[str, Text] = {
    **dict.fromkeys((".xls", ".xlsb", ".ods", ".et", ".numbers"), _AS_XLSX),
    **dict.fromkeys((".zst", ".bz2", ".xz", ".7z", ".rar", ".tar", ".tgz"), _OPENED),
}


class Hashing(File):
    """A file on its way into storage: counts and hashes what passes, and stops what is too large."""

    def __init__(self, file: IO[bytes] | File, limit: int) -> None:
        super().__init__(getattr(file, "file", file), getattr(file, "name", None))
        self.digest = hashlib.sha256()
        self.passed = 0
        self.limit = limit

    def chunks(self, chunk_size: int | None = None) -> Iterator[bytes]:
        for chunk in super().chunks(chunk_size):
            if not self.passed:
                _check_beginning(chunk[:4096])
            self.passed += len(chunk)
            if self.passed > self.limit:
                raise InvalidInput(
                    code="too_large",
                    file=Text("The file is larger than {limit} bytes: split it.", limit=self.limit),
                )
            self.digest.update(chunk)
            yield chunk


def known_ending(name: str) -> str:
    """The ending of a file's name. Raises InvalidInput `unknown_extension` when no container has it."""
    ending = PurePath(name).suffix.lower()
    if ending not in EXTENSIONS:
        if ending in _INSTEAD:
            text = Text(_INSTEAD[ending].template, ending=ending)
        else:
            text = Text("The file's name must end in one of {known}.", known=Listed((*EXTENSIONS, gunzip.ENDING)))
        raise InvalidInput(code="unknown_extension", file=text)
    return ending


def _check_beginning(begin: bytes) -> None:
    """Refuse at the door what holds no rows at all, instead of thousands of rejected lines later."""
    if kind := next(
        (kind for magic, kind in _OTHER_FILES.items() if begin[: len(magic)].lower() == magic.lower()), None
    ):
        text = Text("This is {kind}, not a file with samples.", kind=kind)
        raise InvalidInput(code="not_lines", file=text)


def find_out(upload: Upload) -> Text | None:
    """What kind of file it is and how it is written, as far as nobody said so; as `opening.find_out`."""
    file: Any = upload.file
    with file.open("rb") as stream:
        return opening.find_out(upload, stream)


def recognise(upload: Upload, *, as_before: bool = False) -> None:
    """What was not said of the file is found out from it; what is missing still is said in `error`. With `as_before`
    its columns are what somebody said of the last table with the same ones.

    Raises InvalidInput for a file that cannot be read, and for a sheet or columns that it does not have.
    """
    upload.error = None
    file: Any = upload.file
    with file.open("rb") as stream:
        which = opening.find_out(upload, stream)
        if which is not None:
            upload.error = {"code": upload.NEEDS_MEMBER, **to_row(which)}
            return
        if upload.member and not opening.members_of(upload, stream):
            raise InvalidInput(member=Text("This file is no archive: there is nothing in it to choose from."))
        if upload.sheet and not opening.sheets_of(upload, stream):
            raise InvalidInput(sheet=Text("This file is no workbook: it has no sheets to choose from."))
        if opening.is_table(upload):
            columns = opening.columns_of(upload, stream)
            if as_before and not upload.mapping and opening.takes_mapping(upload):
                upload.mapping = mapping_as_before(upload, columns)
            upload_options.check_mapping(upload.mapping, columns)
            if opening.needs_mapping(upload, columns):
                text = Text(
                    "Nobody can tell from the headings what the columns are: say which is the question and "
                    "which the answer."
                )
                upload.error = {"code": upload.NEEDS_MAPPING, **to_row(text)}


@dataclass(frozen=True, slots=True)
class Choices:
    """Between what a person chooses in a file: the files of an archive, the sheets of a workbook (first that which is
    read unless one is chosen); () each where there is nothing to choose from."""

    members: tuple[str, ...] = ()
    sheets: tuple[str, ...] = ()

    @property
    def several(self) -> bool:
        return len(self.members) > 1 or len(self.sheets) > 1


def choices(upload: Upload) -> Choices:
    """Nothing to choose in a file that is gone. Raises InvalidInput for a workbook that cannot be read."""
    file: Any = upload.file
    try:
        with file.open("rb") as stream:
            members = opening.members_of(upload, stream) if upload.inside or upload.needs else ()
            return Choices(members, opening.sheets_of(upload, stream))
    except FileNotFoundError:
        return Choices()

"""A zip archive of one file of rows, mostly with the pictures that they name beside it."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import PurePosixPath
from typing import BinaryIO

from datasets_app.core.containers import CONTAINERS, HEAD, detect
from datasets_app.core.containers._rescued import Rescued
from datasets_app.core.containers._zipped import BROKEN, Archive, opened
from datasets_app.core.containers.base import Container, Entry, Reading
from datasets_app.core.encodings import encoding_of_records
from datasets_app.core.jsonl import LineError
from ftstudio.errors import InvalidInput, Listed, Text

_MAGIC = (b"PK\x03\x04", b"PK\x05\x06")
_ROWS = (".jsonl", ".ndjson", ".json", ".csv", ".tsv")
_USUAL = "data.jsonl"
_JUNK = frozenset(("__MACOSX",))
_ABOUT = frozenset(("dataset_info.json", "dataset_infos.json", "metadata.json", "state.json"))  # beside the rows
_MOST_SHOWN = 5


class Zip(Container):
    """The lines of its entries are those of the file inside."""

    name = "zip"
    label = Text("Zip archive of rows and pictures")
    extensions = (".zip",)
    precedence = 20

    def recognises(self, head: bytes, name: str) -> bool:
        return head.startswith(_MAGIC)

    def read(self, stream: BinaryIO, reading: Reading) -> Iterator[Entry]:
        archive: Archive = opened(stream)
        try:
            member = rows_of(archive, reading.member)
        except InvalidInput as error:
            raise error if archive.lost is None else InvalidInput(file=archive.lost) from error
        line = 0
        try:
            with Rescued(archive.open, member, b"\n") as inside:
                first = _Buffered(inside, HEAD)
                head = first.read(HEAD)
                container = detect(head, member.filename)
                if container != "csv" and not reading.encoding:
                    reading = replace(reading, encoding=encoding_of_records(io.BytesIO(head)))
                first.detach().seek(0)
                if container in (self.name, "xlsx", "parquet"):
                    raise InvalidInput(file=Text("“{name}” is no file of rows as text.", name=member.filename))
                inside.ends = None if container in ("array", "document") else inside.ends
                for entry in CONTAINERS[container].read(_Buffered(inside, HEAD), reading):
                    line = entry.line
                    yield entry
                if inside.error is not None:
                    raise inside.error
                if inside.wrong:
                    message = Text("The archive is damaged: some of its rows may not be what was packed.")
                    yield Entry(line + 1, error=LineError("file-unreadable", message))
                elif archive.lost is not None:
                    yield Entry(line + 1, error=LineError("file-unreadable", archive.lost))
        except BROKEN as error:
            if not line:
                message = archive.lost or Text(
                    "“{name}” cannot be unpacked: is it damaged or locked?", name=member.filename
                )
                raise InvalidInput(file=message) from error
            message = archive.lost or Text("The archive is damaged: nothing can be read after this.")
            yield Entry(line + 1, error=LineError("file-unreadable", message))


class _Buffered(io.BufferedReader):
    """What comes before an error is given, and the error the next time."""

    def read(self, size: int | None = -1) -> bytes:
        if size is None or size < 0:
            return super().read(size)
        data = b""
        try:
            while len(data) < size and (more := self.read1(size - len(data))):
                data += more
        except BROKEN:
            if not data:
                raise
        return data


_NO_ROWS = Text("There is no .jsonl, .json or .csv file in the archive: unpack it and upload what it holds by itself.")


def rows_of(archive: zipfile.ZipFile, name: str = "") -> zipfile.ZipInfo:
    """The file of rows: the one named, else data.jsonl, else the only one. Raises `InvalidInput` naming the choices."""
    found = []
    for member in archive.infolist():
        path = PurePosixPath(member.filename.replace("\\", "/"))
        junk = path.name.startswith("._") or not _JUNK.isdisjoint(path.parts)
        if path.suffix.lower() in _ROWS and not member.is_dir() and not junk:
            found.append(member)  # two of one name, as some tools pack them, are two
    found = [one for one in found if PurePosixPath(one.filename).name not in _ABOUT] or found
    usual = [member for member in found if PurePosixPath(member.filename).name == _USUAL]
    chosen = [member for member in found if member.filename == name] if name else usual if len(usual) == 1 else found
    if len(chosen) == 1:
        return chosen[0]
    if not found:
        raise InvalidInput(file=_NO_ROWS)
    raise InvalidInput(
        file=Text(
            "Several files of the archive could hold the rows: keep one of {names}, or call it data.jsonl.",
            names=Listed(
                [*(member.filename for member in found[:_MOST_SHOWN]), *(["…"] if len(found) > _MOST_SHOWN else [])]
            ),
        )
    )


CONTAINER = Zip()

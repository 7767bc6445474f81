"""A zip archive of one file of rows, mostly with the pictures that they name beside it."""

from __future__ import annotations

import io
import shutil
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import BinaryIO, cast

from datasets_app.core.containers import CONTAINERS, HEAD, detect
from datasets_app.core.containers._members import WHICH, chosen, names_in, shown_name
from datasets_app.core.containers._rescued import Rescued
from datasets_app.core.containers._zipped import BROKEN, Archive, opened
from datasets_app.core.containers.base import Container, Entry, Reading
from datasets_app.core.encodings import encoding_of_records
from datasets_app.core.jsonl import LineError
from ftstudio.errors import InvalidInput, Text

_MAGIC = (b"PK\x03\x04", b"PK\x05\x06")
_ON_DISK = ("xlsx", "parquet")  # read from their end
_TO_ITS_END = (*_ON_DISK, "array", "document")  # what is half there tells itself what is missing
_BLOCK = 1 << 16


class Zip(Container):
    """The lines of its entries are those of the file inside."""

    name = "zip"
    label = Text("Zip archive of rows and pictures")
    extensions = (".zip",)
    precedence = 20
    archive = True

    def recognises(self, head: bytes, name: str) -> bool:
        return head.startswith(_MAGIC)

    def members(self, stream: BinaryIO) -> tuple[str, ...]:
        return names_in(opened(stream))

    @contextmanager
    def within(self, stream: BinaryIO, reading: Reading) -> Iterator[tuple[str, str, BinaryIO]]:
        archive, member = _chosen(stream, reading)
        try:
            with Rescued(archive.open, member, None) as inside:
                kind = _kind(inside, member)
                with _as_file(inside, kind) as file:
                    yield shown_name(member), kind, file
        except BROKEN as error:
            raise InvalidInput(file=archive.lost or _packed(member)) from error

    def read(self, stream: BinaryIO, reading: Reading) -> Iterator[Entry]:
        archive, member = _chosen(stream, reading)
        line = 0
        try:
            with Rescued(archive.open, member, b"\n") as inside:
                kind = _kind(inside, member)
                inside.ends = None if kind in _TO_ITS_END else inside.ends
                with _as_file(inside, kind) as file:
                    if CONTAINERS[kind].json and not reading.encoding:
                        head = io.BytesIO(file.read(HEAD))
                        file.seek(0)
                        reading = replace(reading, encoding=encoding_of_records(head))
                    for entry in CONTAINERS[kind].read(file, reading):
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
                raise InvalidInput(file=archive.lost or _packed(member)) from error
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


def _chosen(stream: BinaryIO, reading: Reading) -> tuple[Archive, zipfile.ZipInfo]:
    archive: Archive = opened(stream)
    try:
        return archive, chosen(archive, reading.member)
    except InvalidInput as error:
        if archive.lost is None or error.code == WHICH:
            raise
        raise InvalidInput(file=archive.lost) from error


def _kind(inside: Rescued, member: zipfile.ZipInfo) -> str:
    """The container of what is inside, which is left at its start. Raises `InvalidInput` for another archive."""
    first = _Buffered(inside, HEAD)
    kind = detect(first.read(HEAD), shown_name(member))
    first.detach().seek(0)
    if CONTAINERS[kind].archive:
        message = Text("“{name}” is an archive itself: unpack the outer one and upload what it holds by itself.",
                       name=shown_name(member))  # fmt: skip
        raise InvalidInput(file=message)
    return kind


@contextmanager
def _as_file(inside: Rescued, kind: str) -> Iterator[BinaryIO]:
    """The bytes inside, as what reads them needs them."""
    if kind not in _ON_DISK:
        yield _Buffered(inside, HEAD)
        return
    with tempfile.TemporaryFile() as file:
        shutil.copyfileobj(inside, file, _BLOCK)
        file.seek(0)
        yield cast(BinaryIO, file)


def _packed(member: zipfile.ZipInfo) -> Text:
    return Text("“{name}” cannot be unpacked: is it damaged or locked?", name=shown_name(member))


CONTAINER = Zip()

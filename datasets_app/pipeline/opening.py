"""Reading an upload's own file as what it is: the container's entries, the columns mapped as a person said.

What is not told on the upload is found out here, so that the preview of a held file, and its import, agree.
"""

from __future__ import annotations

import io
from codecs import getincrementaldecoder
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any, BinaryIO

from django.conf import settings

from datasets_app.core import codecs
from datasets_app.core.containers import CONTAINERS, HEAD, Entry, Reading, detect_stream
from datasets_app.core.encodings import encoding_of_stream
from datasets_app.core.tables import Mapping, columns, head, sheets
from datasets_app.models import Upload

LINES = "jsonl"
UTF_8 = ("", "utf-8", "utf-8-sig")
AUTO = "auto"


def reading_of(upload: Upload) -> Reading:
    """The limits and choices under which the upload's file is read."""
    return Reading(
        encoding=upload.encoding,
        sheet=upload.sheet,
        max_bytes=settings.LINE_MAX_BYTES,
        max_depth=settings.JSON_MAX_DEPTH,
    )


def recognised(stream: BinaryIO, name: str) -> tuple[str, str]:
    """(container, encoding) of a file, "" for the encoding of what is no text; the stream is left at its start."""
    container = detect_stream(stream, name)
    if container not in (LINES, "csv"):
        return container, ""
    encoding = encoding_of_stream(stream)
    if container == LINES and encoding == "gb18030" and _has_utf_8_lines(stream):
        encoding = "utf-8"  # a line here and there is broken, not all of them written otherwise
    return container, encoding


def _has_utf_8_lines(stream: BinaryIO) -> bool:
    lines = stream.read(HEAD).split(b"\n")[:-1]
    stream.seek(0)
    return any(_is_utf_8(line) for line in lines if not line.isascii())


def _is_utf_8(line: bytes) -> bool:
    try:
        line.decode()
    except UnicodeDecodeError:
        return False
    return True


def is_table(upload: Upload) -> bool:
    """Whether its rows stand under headings, and are read by a codec of the same name."""
    return bool(upload.container) and CONTAINERS[upload.container].table


def sheets_of(upload: Upload, stream: Any) -> tuple[str, ...]:
    """The workbook's sheets in their order, of which the first is read unless one is chosen; () of another file.

    Raises InvalidInput when it cannot be read. The stream is left at its start.
    """
    return sheets(stream, upload.container) if is_table(upload) else ()


def columns_of(upload: Upload, stream: BinaryIO) -> tuple[str, ...]:
    """The table's columns in their order. Raises InvalidInput when it cannot be read."""
    return columns(stream, upload.container, reading_of(upload))


def takes_mapping(upload: Upload) -> bool:
    """Whether its columns may be mapped: a table, unless its rows are taken for records of another format."""
    return is_table(upload) and upload.format in (AUTO, upload.container)


def needs_mapping(upload: Upload, found: tuple[str, ...]) -> bool:
    """Whether a person must say what the columns `found` are before the table can be imported."""
    return takes_mapping(upload) and not upload.mapping and bool(found) and Mapping.guess(found) is None


def entries(upload: Upload, stream: Any) -> Iterator[Entry]:
    """The file's records, in order, each with its line. `stream` is seekable and at its start.

    Raises InvalidInput for a file that cannot be read at all.
    """
    if upload.container == LINES and upload.encoding not in UTF_8:
        stream = _Recoded(stream, upload.encoding)
    found = CONTAINERS[upload.container or LINES].read(stream, reading_of(upload))
    if not (takes_mapping(upload) and upload.mapping):
        return found
    mapping = Mapping.parse(upload.mapping)
    return (entry if entry.record is None else replace(entry, record=mapping.apply(entry.record)) for entry in found)


def table_rows(upload: Upload, stream: BinaryIO, count: int) -> list[dict[str, Any]]:
    """The first rows of a table, as they stand; the stream is left at its start."""
    return [entry.record for entry in head(stream, upload.container, reading_of(upload), count) if entry.record]


def codec_of(upload: Upload, records: Iterable[dict[str, Any]]) -> str:
    """The format that the upload's records are read as: the one asked for, the table's own, or what they look like."""
    if upload.format != AUTO:
        return upload.format
    return upload.container if is_table(upload) else codecs.detect(records) or codecs.DEFAULT


class _Recoded(io.RawIOBase):
    """A text in another encoding, as UTF-8. It can be read once, from start to end.

    What is no text in its encoding becomes what is none in UTF-8 either, so that its line is refused and no other.
    """

    def __init__(self, stream: BinaryIO, encoding: str) -> None:
        self._stream = stream
        self._decoder = getincrementaldecoder(encoding)("ftstudio-mark")
        self._held = b""
        self._first = True

    def readable(self) -> bool:
        return True

    def readline(self, size: int | None = -1) -> bytes:
        limit = -1 if size is None else size
        while (end := self._held.find(b"\n")) < 0 and (limit < 0 or len(self._held) < limit) and self._more():
            pass
        end = len(self._held) if end < 0 else end + 1
        end = end if limit < 0 else min(end, limit)
        line, self._held = self._held[:end], self._held[end:]
        return line

    def _more(self) -> bool:
        block = self._stream.read(HEAD)
        text = self._decoder.decode(block, final=not block)
        if self._first and text:
            text, self._first = text.removeprefix("\ufeff"), False
        self._held += text.encode("utf-8", "surrogatepass")
        return bool(block)


def plain_lines(upload: Upload) -> bool:
    """Whether the file is read as it is: JSONL in UTF-8."""
    return upload.container in ("", LINES) and upload.encoding in UTF_8

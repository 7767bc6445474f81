"""From the bytes of an uploaded file to graded samples and rejected lines, a chunk of lines at a time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, BinaryIO

from django.conf import settings

from datasets_app.core import codecs, jsonl
from datasets_app.core.codecs import CodecError
from datasets_app.core.engine import Checker
from datasets_app.core.jsonl import Line, LineError
from ftstudio.errors import Text

from .grading import Graded, grade

_LOOKED_AT = 100  # records that the format is recognised by
_SEARCHED = 2000  # lines that are read in order to find them


@dataclass(frozen=True, slots=True)
class Rejected:
    """A line that became no sample: where it stands in the file, and why (`code` is a rule id)."""

    line: int
    offset: int
    length: int
    code: str
    text: Text


@dataclass(slots=True)
class Chunk:
    """Some lines of the file, read: `offset` and `line` are where the next chunk begins."""

    offset: int
    line: int
    rows: int = 0  # lines that were not blank
    graded: list[Graded] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)  # of `graded`
    rejected: list[Rejected] = field(default_factory=list)
    ended: bool = False


def recognise(stream: BinaryIO) -> str:
    """The name of the codec that the file's first readable records speak; the default one if none knows them."""
    lines = islice(jsonl.read_lines(stream, max_bytes=settings.LINE_MAX_BYTES), _SEARCHED)
    return codecs.detect(islice(_records(lines), _LOOKED_AT)) or codecs.DEFAULT


def _records(lines: Iterable[Line]) -> Iterator[dict[str, Any]]:
    for line in lines:
        if line.raw:
            try:
                yield jsonl.parse(line.raw, max_depth=settings.JSON_MAX_DEPTH)
            except LineError:
                continue


def lines_from(stream: BinaryIO, *, offset: int, line: int) -> Iterator[Line]:
    """The file's lines from a place where an earlier reader stopped."""
    return jsonl.read_lines(stream, offset=offset, number=line, max_bytes=settings.LINE_MAX_BYTES)


def read_chunk(lines: Iterator[Line], *, offset: int, line: int, codec: str, checker: Checker) -> Chunk:
    """At most `INGEST_CHUNK_ROWS` lines, and not many more bytes than one longest line: memory stays flat."""
    chunk = Chunk(offset, line)
    decode = codecs.CODECS[codec].decode
    size = 0
    for one in lines:
        chunk.offset, chunk.line = one.offset + one.length, one.number + 1
        size += one.length if one.raw is not None else 0
        if not one.blank:
            chunk.rows += 1
            try:
                chunk.graded.append(_graded(one, decode, checker))
                chunk.lines.append(one.number)
            except (LineError, CodecError) as error:
                chunk.rejected.append(Rejected(one.number, one.offset, one.length, error.code, error.text))
        if chunk.line - line >= settings.INGEST_CHUNK_ROWS or size >= settings.LINE_MAX_BYTES:
            return chunk
    chunk.ended = True
    return chunk


def _graded(line: Line, decode: Any, checker: Checker) -> Graded:
    if line.raw is None:
        raise LineError(
            "line-too-long",
            Text(
                "This line has {length:,} bytes; at most {limit:,} can be imported: split the sample.",
                length=line.length,
                limit=settings.LINE_MAX_BYTES,
            ),
        )
    return grade(decode(jsonl.parse(line.raw, max_depth=settings.JSON_MAX_DEPTH)), checker)

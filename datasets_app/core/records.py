"""A whole file as samples, row by row: JSONL or one JSON array, the codec given or found out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import BinaryIO

from datasets_app.core import jsonl
from datasets_app.core.codecs import CODECS, DEFAULT, Codec, CodecError, detect
from datasets_app.core.jsonl import BOM, Json, LineError
from datasets_app.core.samples import Sample
from ftstudio.errors import InvalidInput, Listed, Text

MAX_LINE = 64 << 20  # bytes; longer lines are reported, not read
_HEAD = 1 << 16
_PEEK = 100  # rows looked at to find out the codec


@dataclass(slots=True)
class Row:
    """One row of a file: `line` is physical and 1-based (the element's place, from 1, in a JSON array).

    Either `sample` is set, or `error` and `path` say why there is none.
    """

    line: int
    record: dict[str, Json] | None = None
    sample: Sample | None = None
    error: LineError | CodecError | None = None

    @property
    def path(self) -> str:
        return self.error.path if isinstance(self.error, CodecError) else ""


@dataclass(slots=True)
class Source:
    """A file being read: after `rows` is used up, `size` is its bytes and `normalised` what was taken in stride."""

    stream: BinaryIO
    format: str = "auto"
    max_line: int = MAX_LINE
    size: int = 0
    normalised: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        if self.format != "auto" and self.format not in CODECS:
            names = Listed(CODECS)
            raise InvalidInput(format=Text("“{name}” is no format: use one of {names}", name=self.format, names=names))

    def rows(self) -> Iterator[Row]:
        """Every row that is not blank, decoded. `format` is the codec's name once the first row is out."""
        rows = self._parsed()
        if self.format == "auto":
            first = list(islice(rows, _PEEK))
            self.format = detect(row.record for row in first if row.record is not None) or DEFAULT
            yield from (_decoded(row, CODECS[self.format]) for row in first)
        codec = CODECS[self.format]
        for row in rows:
            yield _decoded(row, codec)

    def _parsed(self) -> Iterator[Row]:
        if self._is_array():
            self.normalised["json-array"] += 1
            data = self.stream.read()
            self.size = len(data)
            index = 0
            try:
                for index, raw in jsonl.read_array(data):
                    yield _parsed(index, raw)
            except LineError as error:
                yield Row(index + 1, error=error)
            return
        for line in jsonl.read_lines(self.stream, max_bytes=self.max_line):
            self.size = line.offset + line.length
            if line.number == 1 and line.offset:
                self.normalised["byte-order-mark"] += 1
            if line.blank:
                self.normalised["blank-line"] += 1
            elif line.raw is None:
                yield Row(line.number, error=jsonl.too_long(self.max_line))
            else:
                self.normalised["crlf"] += line.length - len(line.raw) == 2
                yield _parsed(line.number, line.raw)

    def _is_array(self) -> bool:
        """Whether the file is one array of objects and not lines of arrays; leaves the stream at its start."""
        start = self.stream.tell()
        first = self.stream.readline(_HEAD).removeprefix(BOM).strip()
        rest = self.stream.read(_HEAD).strip()
        self.stream.seek(start)
        if not first:
            first, rest = rest, b""
        if not first.startswith(b"[") or (rest and first.endswith(b"]")):
            return False
        return (first + rest)[1:].lstrip()[:1] in (b"{", b"]", b"")


def _parsed(number: int, raw: bytes) -> Row:
    try:
        return Row(number, record=jsonl.parse(raw))
    except LineError as error:
        return Row(number, error=error)


def _decoded(row: Row, codec: Codec) -> Row:
    if row.record is not None:
        try:
            row.sample = codec.decode(row.record)
        except CodecError as error:
            row.error = error
    return row

"""A whole file as samples, row by row: whatever container it is, the codec given or found out."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, BinaryIO

from datasets_app.core import headings, opening
from datasets_app.core.blocks import Block, blocks
from datasets_app.core.codecs import CODECS, Codec, CodecError
from datasets_app.core.containers import CONTAINERS, MAX_RECORD, Entry, Reading, detect_stream
from datasets_app.core.containers._recoded import UTF_8, Recoded
from datasets_app.core.jsonl import Json, LineError
from datasets_app.core.opening import AUTO, LINES, Told
from datasets_app.core.samples import Sample
from datasets_app.core.tables import Mapping, columns, needed_by
from ftstudio.errors import InvalidInput, Listed, Text

MAX_LINE = MAX_RECORD  # bytes; longer records are reported, not read
_PEEK = 100  # records looked at to find out the codec
_SEARCHED = 2000  # entries that are read in order to find them


@dataclass(slots=True)
class Row:
    """One row of a file: `line` is physical and 1-based (the element's place in a JSON array, the row of a sheet,
    the first line of a CSV record).

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
    """A file being read: after `rows` is used up, `size` is its bytes and `normalised` what was taken in stride.

    `stream` is seekable and at its start; its name, if it has one, helps to tell what it is, and its damage, if it has
    one, is told behind what could be read. `doubt` is set once the
    first row is out, where the headings of a table do not tell for certain what its columns are and nobody did.
    """

    stream: BinaryIO
    format: str = AUTO
    max_line: int = MAX_LINE
    container: str = ""
    kind: str = ""  # the container of the records: of an archive that of the file inside
    line: int = 1  # the number of the stream's first line, of a part of a file of lines
    size: int = 0
    normalised: Counter[str] = field(default_factory=Counter)
    told: Told = field(default_factory=Told)
    doubt: Text | None = None

    def __post_init__(self) -> None:
        if self.format != AUTO and self.format not in CODECS:
            names = Listed(CODECS)
            raise InvalidInput(format=Text("“{name}” is no format: use one of {names}", name=self.format, names=names))

    def rows(self) -> Iterator[Row]:
        """Every row that is not blank, decoded. `format` is the codec's name once the first row is out.

        Raises `InvalidInput` for a file that cannot be read at all.
        """
        reading = self._reading()
        mapping = self._mapping() if self.told.mapping else None
        if opening.takes_mapping(self.kind, self.format):
            reading = replace(reading, needed=partial(needed_by, mapping))
        entries = opening.entries(self.container, self.stream, reading, mapping, self._damage)
        first: list[Entry] = []
        records: list[dict[str, Any]] = []
        while len(records) < _PEEK and len(first) < _SEARCHED and (entry := next(entries, None)) is not None:
            first.append(entry)
            records += [entry.record] if entry.record is not None else []
        if mapping is None and records and opening.takes_mapping(self.kind, self.format):
            self.doubt = _doubt(records[0])
        self.format = opening.codec_of(self.kind, self.format, records)
        codec = CODECS[self.format]
        yield from (_decoded(entry, codec) for entry in first)
        for entry in entries:
            yield _decoded(entry, codec)
        self.size = self.stream.seek(0, 2)

    def blocks(self) -> Iterator[Block] | None:
        """The file in blocks, if it is one of lines; each is a `part` to be read by itself, perhaps elsewhere. None
        for any other container, which is read from its start to its end."""
        encoding = self._reading().encoding
        if self.container != LINES or self.told.mapping or self._damage:
            return None
        if self.format == AUTO:
            first = Source(self.stream, max_line=self.max_line, container=LINES, told=Told(encoding))
            next(first.rows(), None)
            self.format = first.format
        self.size = self.stream.seek(0, 2)
        self.stream.seek(0)
        text: Any = self.stream if encoding in UTF_8 else Recoded(self.stream, encoding)
        return blocks(text, max_line=self.max_line)

    def part(self, block: Block) -> Source:
        """A block of this file as a source; its codec is the file's."""
        return Source(io.BytesIO(block.raw), self.format, self.max_line, LINES, LINES, line=block.line, told=_IN_UTF_8)

    def _mapping(self) -> Mapping:
        """What was told of the columns, which this file must have."""
        if not (found := self.columns()):
            raise InvalidInput(mapping=Text("This file is no table: it has no columns to choose from."))
        return Mapping.parse(dict(self.told.mapping), found)

    def again(self) -> Source:
        """The same file, to be read once more by itself."""
        return Source(self.stream, self.format, self.max_line, self.container, self.kind, told=self.told)

    def columns(self) -> tuple[str, ...]:
        """The columns of a table, () of any other file; the stream is left at its start."""
        reading = replace(self._reading(), normalised=Counter())
        return columns(self.stream, self.container, reading) if CONTAINERS[self.kind].table else ()

    @property
    def _damage(self) -> str:
        return getattr(self.stream, "damage", "")

    def _reading(self) -> Reading:
        """How the file is read, `container` being found out."""
        self.container = self.container or detect_stream(self.stream, str(getattr(self.stream, "name", "")))
        told = self.told
        reading = Reading(
            encoding=told.encoding or opening.encoding_in(self.container, self.stream),
            delimiter=told.delimiter,
            sheet=told.sheet,
            member=told.member,
            line=self.line,
            max_bytes=self.max_line,
            normalised=self.normalised,
        )
        if told.member and not CONTAINERS[self.container].archive:
            raise InvalidInput(member=Text("This file is no archive: there is nothing in it to choose from."))
        self.kind = self.kind or opening.kind_in(self.container, self.stream, reading)
        return reading


_IN_UTF_8 = Told("utf-8")


def _doubt(record: dict[str, Json]) -> Text | None:
    """What is not certain of a table with these columns."""
    if not headings.doubtful(record):
        return None  # a row that makes no sample is refused with its columns by the codec
    taken = Mapping.guess(record)
    if taken is None:
        return None
    said = Listed(f"{name}={column}" for name, column in taken.fields.items())
    return Text("Several columns could be the same part of a sample: they were taken as {columns}.", columns=said)


def _decoded(entry: Entry, codec: Codec) -> Row:
    row = Row(entry.line, entry.record, None, entry.error)
    if entry.record is not None:
        try:
            row.sample = codec.decode(entry.record)
        except CodecError as error:
            row.error = error
    return row

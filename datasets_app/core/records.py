"""A whole file as samples, row by row: whatever container it is, the codec given or found out."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, BinaryIO

from datasets_app.core.blocks import Block, blocks
from datasets_app.core.codecs import CODECS, DEFAULT, Codec, CodecError, detect
from datasets_app.core.containers import CONTAINERS, MAX_RECORD, Entry, Reading, detect_stream
from datasets_app.core.encodings import encoding_of_records
from datasets_app.core.jsonl import Json, LineError
from datasets_app.core.samples import Sample
from ftstudio.errors import InvalidInput, Listed, Text

MAX_LINE = MAX_RECORD  # bytes; longer records are reported, not read
LINES = "jsonl"  # the container that can be read in parts
_PEEK = 100  # rows looked at to find out the codec


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

    `stream` is seekable and at its start; its name, if it has one, helps to tell what it is.
    """

    stream: BinaryIO
    format: str = "auto"
    max_line: int = MAX_LINE
    container: str = ""
    line: int = 1  # the number of the stream's first line, of a part of a file of lines
    size: int = 0
    normalised: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        if self.format != "auto" and self.format not in CODECS:
            names = Listed(CODECS)
            raise InvalidInput(format=Text("“{name}” is no format: use one of {names}", name=self.format, names=names))

    def rows(self) -> Iterator[Row]:
        """Every row that is not blank, decoded. `format` is the codec's name once the first row is out.

        Raises `InvalidInput` for a file that cannot be read at all.
        """
        self._find_container()
        encoding = encoding_of_records(self.stream) if self.container == "array" else ""
        reading = Reading(encoding, max_bytes=self.max_line, line=self.line, normalised=self.normalised)
        entries = CONTAINERS[self.container].read(self.stream, reading)
        if self.format == "auto":
            first = list(islice(entries, _PEEK))
            self.format = codec_of(self.container, (entry.record for entry in first if entry.record is not None))
            yield from (_decoded(entry, CODECS[self.format]) for entry in first)
        codec = CODECS[self.format]
        for entry in entries:
            yield _decoded(entry, codec)
        self.size = self.stream.seek(0, 2)

    def blocks(self) -> Iterator[Block] | None:
        """The file in blocks, if it is one of lines; each is a `part` to be read by itself, perhaps elsewhere. None
        for any other container, which is read from its start to its end."""
        self._find_container()
        if self.container != LINES:
            return None
        if self.format == "auto":
            first = Source(self.stream, max_line=self.max_line, container=LINES)
            next(first.rows(), None)
            self.format = first.format
        self.size = self.stream.seek(0, 2)
        self.stream.seek(0)
        return blocks(self.stream, max_line=self.max_line)

    def part(self, block: Block) -> Source:
        """A block of this file as a source; its codec is the file's."""
        return Source(io.BytesIO(block.raw), self.format, self.max_line, LINES, line=block.line)

    def _find_container(self) -> None:
        self.container = self.container or detect_stream(self.stream, str(getattr(self.stream, "name", "")))


def codec_of(container: str, records: Iterable[dict[str, Any]]) -> str:
    """The codec that a file's first records are read by: the table's own, or what they look like."""
    return container if CONTAINERS[container].table else detect(records) or DEFAULT


def _decoded(entry: Entry, codec: Codec) -> Row:
    row = Row(entry.line, entry.record, None, entry.error)
    if entry.record is not None:
        try:
            row.sample = codec.decode(entry.record)
        except CodecError as error:
            row.error = error
    return row

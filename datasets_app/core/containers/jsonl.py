"""JSONL: one JSON object per line. What nothing else recognises is read as this, for its errors are the clearest."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

from datasets_app.core.containers._recoded import UTF_8, Recoded
from datasets_app.core.containers.base import Container, Entry, Reading, parsed
from datasets_app.core.jsonl import read_lines, too_long
from ftstudio.errors import Text


class JsonLines(Container):
    name = "jsonl"
    label = Text("JSONL: one object per line")
    extensions = (".jsonl", ".ndjson")
    json = True

    def recognises(self, head: bytes, name: str) -> bool:
        return True

    def read(self, stream: BinaryIO, reading: Reading) -> Iterator[Entry]:
        normalised = reading.normalised
        if reading.encoding not in UTF_8:
            normalised[reading.encoding] += 1
            stream = Recoded(stream, reading.encoding)  # type: ignore[assignment]
        for line in read_lines(stream, number=reading.line, max_bytes=reading.max_bytes):
            if line.number == 1 and line.offset:
                normalised["byte-order-mark"] += 1
            if line.blank:
                normalised["blank-line"] += 1
            elif line.raw is None:
                yield Entry(line.number, error=too_long(reading.max_bytes))
            else:
                normalised["crlf"] += line.length - len(line.raw) == 2
                yield parsed(line.number, line.raw, reading)


CONTAINER = JsonLines()

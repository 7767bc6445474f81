"""Lines that end in a carriage return alone, as old Macs and some exports write them: read as those that end in LF."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from dataclasses import replace
from typing import BinaryIO

from datasets_app.core.containers._array_pieces import SPACE
from datasets_app.core.containers._recoded import UTF_8, seekable
from datasets_app.core.containers.base import HEAD, Container, Entry, Reading
from datasets_app.core.containers.document import CONTAINER as DOCUMENT
from datasets_app.core.containers.document import readable
from datasets_app.core.containers.jsonl import CONTAINER as LINES
from datasets_app.core.jsonl import BOM
from ftstudio.errors import Text


class CarriageReturns(Container):
    """In no text of JSON stands a carriage return as it is: every one is white space."""

    name = "cr-lines"
    label = Text("JSONL whose lines end in a carriage return")
    extensions = (".jsonl",)
    precedence = 9
    json = True

    def recognises(self, head: bytes, name: str) -> bool:
        """True for what is objects, each from a line on, once carriage returns are the ends of lines."""
        if b"\n" in head or b"\r" not in head.strip() or DOCUMENT.recognises(head, name):
            return False
        text = readable(head.removeprefix(BOM)).lstrip(SPACE).replace(b"\r", b"\n")
        return text.startswith(b"{") and (_is_object(text.partition(b"\n")[0]) or DOCUMENT.recognises(text, name))

    def read(self, stream: BinaryIO, reading: Reading) -> Iterator[Entry]:
        reading.normalised["carriage-return"] += 1
        if reading.encoding not in UTF_8:
            reading.normalised[reading.encoding] += 1
        with seekable(stream, reading.encoding) as text:
            lines = io.BufferedReader(_LineFeeds(text), HEAD)
            head = lines.read(HEAD)
            lines.seek(0)
            inner = DOCUMENT if DOCUMENT.recognises(head, "") else LINES
            yield from inner.read(lines, replace(reading, encoding=""))
            lines.detach()


class _LineFeeds(io.RawIOBase):
    """A stream with a line feed for each carriage return: every place in it stays the same."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = 0) -> int:
        return self._stream.seek(offset, whence)

    def tell(self) -> int:
        return self._stream.tell()

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        data = self._stream.read(len(buffer)).replace(b"\r", b"\n")
        buffer[: len(data)] = data
        return len(data)


def _is_object(line: bytes) -> bool:
    try:
        return isinstance(json.loads(line), dict)
    except (ValueError, RecursionError):
        return False


CONTAINER = CarriageReturns()

"""Where records become bytes: lines of JSON, each in its remembered style, or a table."""

from __future__ import annotations

from typing import Any, BinaryIO, Protocol

from datasets_app.core import line_style
from datasets_app.core.abilities import TABLES
from datasets_app.core.containers import writing
from datasets_app.core.jsonl import Json

GATHERED = 1 << 16  # bytes


class Sink(Protocol):
    """Takes records one by one. `write` returns why a record is not in the style asked for, "" when it is."""

    def write(self, record: dict[str, Json], style: str) -> str: ...

    def close(self) -> int:
        """Finish the file; returns its bytes."""


class Counted:
    """A stream that is written from front to back, and remembers how much and what."""

    def __init__(self, out: BinaryIO, digest: Any) -> None:
        self._out = out
        self._digest = digest
        self.bytes = 0
        self.closed = False

    def write(self, data: Any) -> int:
        self._out.write(data)
        self._digest.update(data)
        self.bytes += len(data)
        return len(data)

    def flush(self) -> None:
        self._out.flush()

    def tell(self) -> int:
        return self.bytes

    def readable(self) -> bool:
        return False

    def writable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return False


class Lines:
    """JSON, a line each; some are gathered, for a stream and a digest take one large piece sooner than many small."""

    def __init__(self, out: Counted) -> None:
        self._out = out
        self._lines: list[bytes] = []
        self._size = 0

    def write(self, record: dict[str, Json], style: str) -> str:
        line = line_style.dump(record, style)
        self._lines.append(line)
        self._size += len(line)
        if self._size >= GATHERED:
            self._put()
        return "" if line_style.reproducible(style) else style.strip("~").partition("+")[0]

    def _put(self) -> None:
        self._out.write(b"".join(self._lines))
        self._lines, self._size = [], 0

    def close(self) -> int:
        self._put()
        return self._out.bytes


class Table:
    """A row each; a table has no line whose bytes could be kept."""

    def __init__(self, codec: str, out: Counted) -> None:
        self._out = out
        stream: Any = out
        self._writer = writing.writer(codec, stream)

    def write(self, record: dict[str, Json], style: str) -> str:
        self._writer.write(record)
        return "table"

    def close(self) -> int:
        self._writer.close()
        return self._out.bytes


def sink_for(codec: str, out: BinaryIO, digest: Any) -> Sink:
    """The sink of a codec's files; `digest` is fed with every byte. Raises InvalidInput where a library is missing."""
    counted = Counted(out, digest)
    return Table(codec, counted) if codec in TABLES else Lines(counted)


def suffix_of(codec: str) -> str:
    """How the name of a codec's file ends."""
    return f".{codec}" if codec in TABLES else ".jsonl"


class Nowhere:
    """A file that forgets what is written to it."""

    def write(self, data: bytes) -> int:
        return len(data)

    def flush(self) -> None:
        """Nothing is held back."""

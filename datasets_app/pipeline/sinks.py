"""Where records become bytes: lines of JSON, each in its remembered style, or whatever a table's container writes."""

from __future__ import annotations

import io
from typing import Any, BinaryIO, Protocol, cast

from datasets_app.core import line_style
from datasets_app.core.containers.writing import writer
from datasets_app.core.jsonl import Json

TABLES = ("csv", "xlsx", "parquet")


class Sink(Protocol):
    """Takes records one by one. `write` returns why a record is not in the style asked for, "" when it is."""

    def write(self, record: dict[str, Json], style: str) -> str: ...

    def close(self) -> int:
        """Finish the file; returns its bytes."""


class Lines:
    """JSON, a line each."""

    def __init__(self, out: BinaryIO, digest: Any) -> None:
        self.out = out
        self.digest = digest
        self.bytes = 0

    def write(self, record: dict[str, Json], style: str) -> str:
        line = line_style.dump(record, style)
        self.out.write(line)
        self.digest.update(line)
        self.bytes += len(line)
        return style.strip("~").partition("+")[0] if style.startswith(line_style.IRREGULAR) else ""

    def close(self) -> int:
        return self.bytes


class Table:
    """Rows under headings; how the source's line was written has no place in it."""

    def __init__(self, codec: str, out: BinaryIO, digest: Any) -> None:
        self._file = _Counted(out, digest)
        self._writer = writer(codec, cast(BinaryIO, self._file))

    def write(self, record: dict[str, Json], style: str) -> str:
        self._writer.write(record)
        return "table"

    def close(self) -> int:
        self._writer.close()
        return self._file.bytes


class _Counted(io.RawIOBase):
    """A file written from front to back, its bytes counted and digested on the way."""

    def __init__(self, out: BinaryIO, digest: Any) -> None:
        self._out = out
        self._digest = digest
        self.bytes = 0

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._out.write(data)
        self._digest.update(data)
        self.bytes += len(data)
        return len(data)


def sink_for(codec: str, out: BinaryIO, digest: Any) -> Sink:
    """The sink of a codec's files; `digest` is fed with every byte of the finished file."""
    return Table(codec, out, digest) if codec in TABLES else Lines(out, digest)


def suffix_of(codec: str) -> str:
    """How the name of a codec's file ends."""
    return f".{codec}" if codec in TABLES else ".jsonl"


class Nowhere:
    """A file that forgets what is written to it."""

    def write(self, data: bytes) -> int:
        return len(data)

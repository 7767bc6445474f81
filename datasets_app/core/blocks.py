"""A file of lines in blocks of whole lines, so that each can be read by itself."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

SIZE = 1 << 18  # bytes: some four hundred common rows
_SKIP = 1 << 16


@dataclass(frozen=True, slots=True)
class Block:
    """Whole lines, the first of them with this number."""

    line: int
    raw: bytes


def blocks(stream: BinaryIO, *, max_line: int, size: int = 0) -> Iterator[Block]:
    """The rest of the stream, of which line 1 comes next. A line longer than `max_line` bytes is cut behind them: it
    is still too long, and is not held. `size` in bytes, 0 for `SIZE`."""
    line = 1
    while raw := stream.read(size or SIZE):
        if not raw.endswith(b"\n"):
            rest = stream.readline(max_line + 8)  # more than the limit, a byte order mark and the end of the line
            raw += rest
            ended = not rest or rest.endswith(b"\n")
            while not ended:
                more = stream.readline(_SKIP)
                ended = not more or more.endswith(b"\n")
                if ended and more:
                    raw += b"\n"
        yield Block(line, raw)
        line += raw.count(b"\n")

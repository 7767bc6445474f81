"""Files that are not whole: what could be had of them is read, and the rest is refused by name."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import BinaryIO

from datasets_app.core.containers import CONTAINERS, Entry
from datasets_app.core.jsonl import LineError
from ftstudio.errors import Text

CUT, BROKEN, ENDS, CHANGED = "cut", "broken", "ends", "changed"
_HALF = (CUT, BROKEN)  # then the last line may be half a line
_BEHIND = {
    CUT: Text("The compressed file is cut off after line {line}: nothing behind it arrived. Upload it again whole."),
    BROKEN: Text(
        "The compressed file is damaged after line {line}: nothing behind it can be unpacked, and the last lines "
        "before it may not be what was packed. Upload it again whole."
    ),
    ENDS: Text(
        "The compressed file does not end as it should after line {line}: whether something is missing nobody can "
        "tell. Upload it again whole."
    ),
    CHANGED: Text(
        "The compressed file was read to its end, line {line}, but its checksum is another one: some of its rows may "
        "not be what was packed."
    ),
}
SAID = {
    CUT: Text("The compressed file is cut off: what arrived of it is read, the rest is missing."),
    BROKEN: Text("The compressed file is damaged: what stands before the damage is read, the rest is missing."),
    ENDS: Text("The compressed file does not end as it should: whether something is missing nobody can tell."),
    CHANGED: Text("The checksum of the compressed file is another one: some rows may not be what was packed."),
}
_BLOCK = 1 << 16


def whole_part(stream: BinaryIO, container: str, encoding: str, damage: str) -> BinaryIO:
    """The file without the half line that it ends in, where half a line could be taken for a row: half a line of JSON
    is none, and of an array it is told by what is missing."""
    if damage not in _HALF or container != "csv":
        return stream
    end = _last_line_ends(stream, encoding, b"\n") or _last_line_ends(stream, encoding, b"\r")
    return _Before(stream, end)  # type: ignore[return-value]


def told(entries: Iterator[Entry], stream: BinaryIO, container: str, damage: str) -> Iterator[Entry]:
    """The entries of a file that is damaged so, and behind them one that says it; it takes the place of what was read
    of the row that the damage stands in."""
    last: Entry | None = None
    for entry in entries:
        if last is not None:
            yield last
        last = entry
    line = last.line if last is not None else 0
    raw = None
    if last is not None:
        if damage in _HALF and last.error is not None and CONTAINERS[container].json and not _ends_a_line(stream):
            line, raw = line - 1, last.raw
        else:
            yield last
    yield Entry(line + 1, raw, error=LineError("file-unreadable", Text(_BEHIND[damage].template, line=line)))


def _ends_a_line(stream: BinaryIO) -> bool:
    stream.seek(max(0, stream.seek(0, 2) - 2))
    return stream.read(2).strip(b"\0").endswith((b"\n", b"\r"))


def _last_line_ends(stream: BinaryIO, encoding: str, end: bytes) -> int:
    """The place behind the last such end of a line; 0 without one. The stream is left at its start."""
    end = end + b"\0" if encoding == "utf-16-le" else b"\0" + end if encoding == "utf-16-be" else end
    place = stream.seek(0, 2)
    behind = b""
    while place:
        place = max(0, place - _BLOCK)
        stream.seek(place)
        data = stream.read(_BLOCK) + behind
        at = data.rfind(end)
        while at >= 0 and (place + at) % len(end):  # half of one character and half of the next
            at = data.rfind(end, 0, at + len(end) - 1)
        if at >= 0:
            stream.seek(0)
            return place + at + len(end)
        behind = data[: len(end) - 1]
    stream.seek(0)
    return 0


class _Before(io.RawIOBase):
    """A stream up to a place in it."""

    def __init__(self, stream: BinaryIO, end: int) -> None:
        self._stream = stream
        self._end = end

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._stream.tell()

    def seek(self, offset: int, whence: int = 0) -> int:
        return self._stream.seek(self._end + offset if whence == 2 else offset, 0 if whence == 2 else whence)

    def read(self, size: int | None = -1) -> bytes:
        left = max(0, self._end - self._stream.tell())
        return self._stream.read(left if size is None or size < 0 else min(size, left))

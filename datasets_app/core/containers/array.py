"""A JSON array of objects, read element by element: an array of any size takes the memory of one element."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import BinaryIO

from datasets_app.core.containers.base import Container, Entry, Reading, parsed
from datasets_app.core.jsonl import BOM, LineError, too_long
from ftstudio.errors import Text

_BLOCK = 1 << 16
_SPACE = b" \t\r\n"
# A string has no raw line break in it. One that runs into a line break is broken, and its element with it, but what
# follows the break is read as structure again: a missing quotation mark costs one element, not the rest of the file.
_TOKEN = re.compile(rb'"[^"\\\n]*+(?:\\[\s\S][^"\\\n]*+)*+["\n]|["\[\]{},]')
_OPENS, _CLOSES, _ENDS = (b"[", b"{"), (b"]", b"}"), (b",", b"]")
_INSIDE = re.compile(rb'[^"\\\n]*+(?:\\[\s\S][^"\\\n]*+)*+')  # what a string goes on with


class JsonArray(Container):
    """The lines of its entries are the elements' places, from 1."""

    name = "array"
    label = Text("JSON array")
    extensions = (".json",)
    precedence = 10

    def recognises(self, head: bytes, name: str) -> bool:
        """True for one array of objects, not for lines that are arrays."""
        text = head.removeprefix(BOM).lstrip(_SPACE)
        first, _, rest = text.partition(b"\n")
        if not first.startswith(b"[") or (rest.strip() and first.rstrip().endswith(b"]")):
            return False
        return text[1:].lstrip(_SPACE)[:1] in (b"{", b"]", b"")

    def read(self, stream: BinaryIO, reading: Reading) -> Iterator[Entry]:
        reading.normalised["json-array"] += 1
        for index, (raw, mark) in enumerate(_pieces(stream, reading.max_bytes), 1):
            if mark == _NO_ARRAY:
                error = LineError("json-invalid", Text("This file does not begin with a JSON array."))
            elif mark == _CUT_OFF:
                error = _unfinished(index, raw != b"")
            elif mark == _MORE:
                error = LineError("json-invalid", Text("Something follows after the end of the array."))
            elif raw is None:
                error = too_long(reading.max_bytes)
            elif raw:
                yield parsed(index, raw, reading)
                continue
            elif mark == b",":
                error = LineError("json-invalid", Text("There is nothing between two commas of the array."))
            elif index == 1:
                continue  # [] is an array of nothing
            else:
                error = LineError("json-invalid", Text("The array ends with a comma: remove it."))
            yield Entry(index, raw or None, error=error)


def _unfinished(index: int, begun: bool) -> LineError:
    if not begun:
        return LineError(
            "json-invalid", Text("The array is not closed after element {index}: is the file cut off?", index=index - 1)
        )
    return LineError(
        "json-invalid",
        Text(
            "Element {index} never ends: a bracket or a comma is missing in it or after it, so what follows "
            "cannot be told apart.",
            index=index,
        ),
    )


_NO_ARRAY, _CUT_OFF, _MORE = b"", b"?", b"+"


def _pieces(stream: BinaryIO, limit: int) -> Iterator[tuple[bytes | None, bytes]]:
    """What stands between the commas of the array, JSON or not: that is for the parser to say.

    Yields (bytes without white space around them, None when longer than `limit`; the comma or bracket after them).
    In place of the mark: `_NO_ARRAY` for a file that is none, `_CUT_OFF` for what the file ends in, `_MORE` when
    something follows the array.
    """
    piece = _Piece(limit)
    depth, string, left = 0, False, b""
    blocks = _blocks(stream)
    if not next(blocks, b"").startswith(b"["):
        yield b"", _NO_ARRAY
        return
    for block in blocks:
        data, at, start = left + block, 0, 0
        if string:
            at, string, left = _inside(data, 0)
        if not string:
            for token in _TOKEN.finditer(data, at):
                mark = token.group()
                if mark in _OPENS:
                    depth += 1
                elif mark in _CLOSES and depth:
                    depth -= 1
                elif mark in _ENDS and not depth:
                    piece.add(data[start : token.start()])
                    yield piece.take(), mark
                    start = token.end()
                    if mark == b"]":
                        if data[start:].strip(_SPACE) or any(block.strip(_SPACE) for block in blocks):
                            yield b"", _MORE
                        return
                elif mark == b'"':
                    _, string, left = _inside(data, token.end())
                    break
        piece.add(data[start : len(data) - len(left)])
    yield piece.take(), _CUT_OFF


def _blocks(stream: BinaryIO) -> Iterator[bytes]:
    """The bracket that the file should begin with, then what follows it."""
    data = stream.read(_BLOCK).removeprefix(BOM).lstrip(_SPACE)
    while not data and (data := stream.read(_BLOCK)):
        data = data.lstrip(_SPACE)
    yield data[:1]
    yield data[1:]
    while data := stream.read(_BLOCK):
        yield data


def _inside(data: bytes, at: int) -> tuple[int, bool, bytes]:
    """From inside a string: (where it has ended, whether it has not, the backslash that waits for the next block)."""
    match = _INSIDE.match(data, at)
    end = match.end() if match else at
    if end == len(data):
        return end, True, b""
    if data[end : end + 1] == b"\\":
        return end, True, b"\\"
    return end + 1, False, b""


@dataclass(slots=True)
class _Piece:
    """One element as it is gathered; of one that is too long nothing is held."""

    limit: int
    _held: bytearray = field(default_factory=bytearray)
    _size: int = 0

    def add(self, data: bytes) -> None:
        if not self._size:
            data = data.lstrip(_SPACE)
        self._size += len(data)
        if self._size <= self.limit + _BLOCK:  # white space may follow
            self._held += data
        else:
            self._held.clear()

    def take(self) -> bytes | None:
        """The bytes; ready for the next element."""
        raw = bytes(self._held).rstrip(_SPACE) if self._size <= self.limit + _BLOCK else None
        self._held.clear()
        self._size = 0
        return raw if raw is None or len(raw) <= self.limit else None


CONTAINER = JsonArray()

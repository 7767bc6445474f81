"""What stands between the commas of a JSON array, told by brackets and strings alone."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import BinaryIO

from datasets_app.core.jsonl import BOM

BLOCK = 1 << 16
INDENT = 256  # bytes; an element that is indented more is not looked for behind a broken one
SPACE = b" \t\r\n"
# A string has no raw line break in it. One that runs into a line break is broken, and its element with it, but what
# follows the break is read as structure again: a missing quotation mark costs one element, not the rest of the file.
_TOKEN = re.compile(rb'"[^"\\\n]*+(?:\\[\s\S][^"\\\n]*+)*+["\n]|["\[\]{},]')
NO_ARRAY, CUT_OFF, MORE = b"", b"?", b"+"
_OPENS, _CLOSES, ENDS = (b"[", b"{"), (b"]", b"}"), (b",", b"]")
_GOES_ON = re.compile(rb"[ \t\r\n]*+(,(?=[ \t\r\n]*+\{)|\{)")
_INSIDE = re.compile(rb'[^"\\\n]*+(?:\\[\s\S][^"\\\n]*+)*+')  # what a string goes on with


def pieces(
    stream: BinaryIO, limit: int, offset: int = 0, indent: bytes | None = None
) -> Iterator[tuple[bytes | None, bytes, int]]:
    """What stands between the commas of the array, JSON or not: that is for the parser to say.

    Yields (bytes without white space around them, None when longer than `limit`; the comma or bracket after them; the
    offset at which they begin). In place of the mark: `NO_ARRAY` for a file that is none, `CUT_OFF` for what the
    file ends in, `MORE` when something follows the array. With an offset, reading goes on at an element. Where the
    elements begin lines of that indent, one that is broken is `CUT_OFF` where the next one begins: read on to the end
    of the file for each of many, it would take quadratic time.
    """
    piece = _Piece(limit)
    line = None if indent is None else b"\n" + indent
    asked = -1  # where the last element begins of which it is known that it may go on in such a line
    depth, string, left = 0, False, b""
    if offset:
        stream.seek(offset)
    place, block = (offset, stream.read(BLOCK)) if offset else _opened(stream)
    if not place:
        yield b"", NO_ARRAY, 0
        return
    while block:
        data, at, start = left + block, 0, 0
        place -= len(left)
        if string:
            at, string, left = _inside(data, 0)
        if not string:
            for token in _TOKEN.finditer(data, at):
                mark = token.group()
                if mark in _OPENS:
                    if line and depth and mark == b"{" and data.endswith(line, 0, token.start()):
                        piece.add(data[start : token.start()], place + start)
                        start = token.start()
                        if piece.begin != asked and _is_broken(stream, piece, line):
                            yield piece.take(), CUT_OFF, piece.begin
                            return
                        asked = piece.begin
                    depth += 1
                elif mark in _CLOSES and depth:
                    depth -= 1
                elif mark == b"]" and not depth and (more := _GOES_ON.match(data, token.end())):
                    piece.add(data[start : token.start()], place + start)  # the array goes on: it is one too many
                    if (raw := piece.take()) != b"":
                        yield raw, b",", piece.begin
                    start = token.start()
                    if more[1] == b"{":
                        yield mark, b",", place + start
                        start = token.end()
                elif mark in ENDS and not depth:
                    piece.add(data[start : token.start()], place + start)
                    yield piece.take(), mark, piece.begin
                    start = token.end()
                    if mark == b"]":
                        if data[start:].strip(SPACE) or _anything(stream):
                            yield b"", MORE, place + start
                        return
                elif mark == b'"':
                    _, string, left = _inside(data, token.end())
                    break
        piece.add(data[start : len(data) - len(left)], place + start)
        place += len(data)
        block = stream.read(BLOCK)
    yield piece.take(), CUT_OFF, piece.begin


def _is_broken(stream: BinaryIO, piece: _Piece, line: bytes) -> bool:
    """Whether no object may follow on what is held of an element that begins such a line."""
    place = stream.tell()
    indent = indent_of(stream, piece.begin)
    stream.seek(place)
    held = piece.held()
    return indent == line[1:] and held.startswith(b"{") and not is_open(held)


def is_open(held: bytes) -> bool:
    """Whether an object may follow on this beginning of an element."""
    try:
        text = held.decode()
        json.loads(text + "{")
    except json.JSONDecodeError as error:
        return error.pos > len(text)  # a bracket that may stand there is found to be open, behind itself
    except UnicodeDecodeError:
        return False
    except (ValueError, RecursionError):  # a number that is too long
        pass
    return True


def indent_of(stream: BinaryIO, begin: int) -> bytes | None:
    """The white space before an element that begins a line; None for one that does not."""
    stream.seek(max(0, begin - INDENT))
    _line, ended, space = stream.read(begin - stream.tell()).rpartition(b"\n")
    return space if ended and not space.strip(SPACE) else None


def _opened(stream: BinaryIO) -> tuple[int, bytes]:
    """(the offset behind the bracket that the file must begin with, what stands there); 0 when it does not begin so."""
    data = stream.read(BLOCK)
    place = len(BOM) if data.startswith(BOM) else 0
    data = data[place:]
    while data and not data.strip(SPACE):
        place += len(data)
        data = stream.read(BLOCK)
    text = data.lstrip(SPACE)
    if not text.startswith(b"["):
        return 0, b""
    return place + len(data) - len(text) + 1, text[1:] or stream.read(BLOCK)


def _anything(stream: BinaryIO) -> bool:
    """Whether more than white space follows."""
    return any(block.strip(SPACE) for block in iter(lambda: stream.read(BLOCK), b""))


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
    begin: int = 0  # the offset of the last one, once it has begun
    _held: bytearray = field(default_factory=bytearray)
    _size: int = 0

    def add(self, data: bytes, place: int) -> None:
        """`place` is the offset of `data`."""
        if not self._size:
            size = len(data)
            data = data.lstrip(SPACE)
            self.begin = place + size - len(data)
        self._size += len(data)
        if self._size <= self.limit + BLOCK:  # white space may follow
            self._held += data
        else:
            self._held.clear()

    def held(self) -> bytes:
        """What there is of it so far; nothing when that is too long."""
        return bytes(self._held)

    def take(self) -> bytes | None:
        """The bytes; ready for the next element."""
        raw = bytes(self._held).rstrip(SPACE) if self._size <= self.limit + BLOCK else None
        self._held.clear()
        self._size = 0
        return raw if raw is None or len(raw) <= self.limit else None

"""A JSON array of objects, read element by element: an array of any size takes the memory of one element."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import BinaryIO

from datasets_app.core.containers._recoded import UTF_8, seekable
from datasets_app.core.containers.base import Container, Entry, Reading, parsed
from datasets_app.core.jsonl import BOM, LineError, too_long
from ftstudio.errors import Text

_BLOCK = 1 << 16
_INDENT = 256  # bytes; an element that is indented more is not looked for behind a broken one
_MOST_AGAIN = 512 << 20
_SPACE = b" \t\r\n"
# A string has no raw line break in it. One that runs into a line break is broken, and its element with it, but what
# follows the break is read as structure again: a missing quotation mark costs one element, not the rest of the file.
_TOKEN = re.compile(rb'"[^"\\\n]*+(?:\\[\s\S][^"\\\n]*+)*+["\n]|["\[\]{},]')
_NO_ARRAY, _CUT_OFF, _MORE = b"", b"?", b"+"
_WRONG = {
    _NO_ARRAY: Text("This file does not begin with a JSON array."),
    _MORE: Text("Something follows after the end of the array."),
    b",": Text("There is nothing between two commas of the array."),
    b"]": Text("The array ends with a comma: remove it."),
}
_OPENS, _CLOSES, _ENDS = (b"[", b"{"), (b"]", b"}"), (b",", b"]")
_FIRST_KEY = re.compile(rb'\{[ \t\r\n]*+("[^"\\]{0,200}+")')
_GOES_ON = re.compile(rb"[ \t\r\n]*+([,{])")
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
        if reading.encoding not in UTF_8:
            reading.normalised[reading.encoding] += 1
        with seekable(stream, reading.encoding) as text:
            yield from self._read(text, reading)

    def _read(self, stream: BinaryIO, reading: Reading) -> Iterator[Entry]:
        index = 0
        spent = 0  # bytes that were read again to find elements behind a broken one
        first, first_key = 0, b""  # where the first element begins; the key that the first good one begins with
        pieces = _pieces(stream, reading.max_bytes)
        while (found := next(pieces, None)) is not None:
            raw, mark, begin = found
            index += 1
            first = first or begin
            entry = parsed(index, raw, reading) if raw and mark in _ENDS else None
            if raw and entry is not None and entry.record is not None:
                first_key = first_key or _first_key(raw)
                yield entry
                continue
            if spent < _MOST_AGAIN and _is_begun(raw, mark, first_key) and stream.seekable():
                place = stream.tell()
                after = _behind(stream, begin, first, first_key)
                spent += (after or stream.tell()) - begin
                end = begin + len(raw) if raw and entry is not None else None
                if after is not None and (end is None or after < end or _ends_early(stream, end, after)):
                    error = (entry.error if entry and end and after > end else None) or _unfinished(index)
                    yield Entry(index, _shown(stream, begin, after), error=error)
                    indent = _indent(stream, after)
                    pieces = _pieces(stream, reading.max_bytes, after, indent)
                    continue
                stream.seek(place)
            if entry is not None:
                yield entry
            elif index > 1 or mark != b"]" or raw is None:  # [] is an array of nothing
                yield Entry(index, raw[:_BLOCK] if raw else None, error=_refusal(index, raw, mark, reading.max_bytes))


def _first_key(raw: bytes) -> bytes:
    """The key that the element begins with, as it is written; b"" when it stands in it again and so tells nothing."""
    named = _FIRST_KEY.match(raw)
    return named[1] if named and raw.count(named[1]) == 1 else b""


def _is_begun(raw: bytes | None, mark: bytes, first_key: bytes) -> bool:
    """Whether what cannot be read may be no whole element: a missing quotation mark or bracket in one runs through
    those behind it, or ends it too early."""
    if not raw or mark == _CUT_OFF:
        return raw != b""
    return raw.startswith(b"{") or bool(first_key and first_key in raw)


def _ends_early(stream: BinaryIO, end: int, after: int) -> bool:
    """Whether the rest of the element stands between its end and the next one, and not elements of other kinds."""
    stream.seek(end)
    rest = stream.read(min(max(0, after - end), _BLOCK)).lstrip(_SPACE + b",")
    return b'"' in rest.partition(b"\n")[0] or rest[:1] in (b"}", b'"')


def _refusal(index: int, raw: bytes | None, mark: bytes, limit: int) -> LineError:
    if mark == _CUT_OFF and raw != b"":
        return _unfinished(index)
    if raw is None:
        return too_long(limit)
    if mark == _CUT_OFF:
        message = Text("The array is not closed after element {index}: is the file cut off?", index=index - 1)
    else:
        message = _WRONG[mark]
    return LineError("json-invalid", message)


def _unfinished(index: int) -> LineError:
    message = Text("Element {index} never ends: a bracket or a comma is missing in it or after it.", index=index)
    return LineError("json-invalid", message)


def _behind(stream: BinaryIO, begin: int, first: int, first_key: bytes) -> int | None:
    """Where the element after the broken one that begins at `begin` may stand; None when nothing tells.

    Where each element begins a line of its own, as the one at `first`, all of them do, indented alike; what is inside
    of one is indented more. Else it is told by the key that the elements begin with, behind the bracket and the comma
    of the one before.
    """
    for place in (begin, first):
        if (indent := _indent(stream, place)) is not None:
            after = _behind_lines(stream, begin, indent)
            break
    else:
        after = None
    if after is None and (key := first_key or _key_at(stream, begin)):
        after = _behind_comma(stream, begin, key)
    return after


def _indent(stream: BinaryIO, begin: int) -> bytes | None:
    """The white space before an element that begins a line; None for one that does not."""
    stream.seek(max(0, begin - _INDENT))
    _line, ended, space = stream.read(begin - stream.tell()).rpartition(b"\n")
    return space if ended and not space.strip(_SPACE) else None


def _key_at(stream: BinaryIO, begin: int) -> bytes:
    stream.seek(begin)
    named = _FIRST_KEY.match(stream.read(_INDENT))
    return named[1] if named else b""


def _behind_lines(stream: BinaryIO, begin: int, indent: bytes) -> int | None:
    stream.seek(begin)
    at = begin + len(stream.readline())
    while line := stream.readline(_BLOCK):
        if line.startswith(indent + b"{"):
            return at + len(indent)
        while line and not line.endswith(b"\n"):
            at += len(line)
            line = stream.readline(_BLOCK)
        at += len(line)
    return None


def _behind_comma(stream: BinaryIO, begin: int, first_key: bytes) -> int | None:
    begins = re.compile(rb"\}[ \t\r\n]*+,[ \t\r\n]*+(?=\{[ \t\r\n]*+" + re.escape(first_key) + rb"[ \t\r\n]*+:)")
    stream.seek(begin)
    at, held = begin, b""
    while block := stream.read(_BLOCK):
        held += block
        if found := begins.search(held):
            return at + found.end()
        done = max(0, len(held) - len(first_key) - _INDENT)
        at, held = at + done, held[done:]
    return None


def _shown(stream: BinaryIO, begin: int, end: int) -> bytes:
    stream.seek(begin)
    return stream.read(min(end - begin, _BLOCK)).rstrip(_SPACE + b",")


def _pieces(
    stream: BinaryIO, limit: int, offset: int = 0, indent: bytes | None = None
) -> Iterator[tuple[bytes | None, bytes, int]]:
    """What stands between the commas of the array, JSON or not: that is for the parser to say.

    Yields (bytes without white space around them, None when longer than `limit`; the comma or bracket after them; the
    offset at which they begin). In place of the mark: `_NO_ARRAY` for a file that is none, `_CUT_OFF` for what the
    file ends in, `_MORE` when something follows the array. With an offset, reading goes on at an element. Where the
    elements begin lines of that indent, one that is broken is `_CUT_OFF` where the next one begins: read on to the end
    of the file for each of many, it would take quadratic time.
    """
    piece = _Piece(limit)
    line = None if indent is None else b"\n" + indent
    asked = -1  # where the last element begins of which it is known that it may go on in such a line
    depth, string, left = 0, False, b""
    if offset:
        stream.seek(offset)
    place, block = (offset, stream.read(_BLOCK)) if offset else _opened(stream)
    if not place:
        yield b"", _NO_ARRAY, 0
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
                            yield piece.take(), _CUT_OFF, piece.begin
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
                elif mark in _ENDS and not depth:
                    piece.add(data[start : token.start()], place + start)
                    yield piece.take(), mark, piece.begin
                    start = token.end()
                    if mark == b"]":
                        if data[start:].strip(_SPACE) or _anything(stream):
                            yield b"", _MORE, place + start
                        return
                elif mark == b'"':
                    _, string, left = _inside(data, token.end())
                    break
        piece.add(data[start : len(data) - len(left)], place + start)
        place += len(data)
        block = stream.read(_BLOCK)
    yield piece.take(), _CUT_OFF, piece.begin


def _is_broken(stream: BinaryIO, piece: _Piece, line: bytes) -> bool:
    """Whether no object may follow on what is held of an element that begins such a line."""
    place = stream.tell()
    indent = _indent(stream, piece.begin)
    stream.seek(place)
    held = piece.held()
    if indent != line[1:] or not held.startswith(b"{"):
        return False
    try:
        text = held.decode()
        json.loads(text + "{")
    except json.JSONDecodeError as error:
        return error.pos <= len(text)  # a bracket that may stand there is found to be open, behind itself
    except UnicodeDecodeError:
        return True
    except (ValueError, RecursionError):  # a number that is too long
        pass
    return False


def _opened(stream: BinaryIO) -> tuple[int, bytes]:
    """(the offset behind the bracket that the file must begin with, what stands there); 0 when it does not begin so."""
    data = stream.read(_BLOCK)
    place = len(BOM) if data.startswith(BOM) else 0
    data = data[place:]
    while data and not data.strip(_SPACE):
        place += len(data)
        data = stream.read(_BLOCK)
    text = data.lstrip(_SPACE)
    if not text.startswith(b"["):
        return 0, b""
    return place + len(data) - len(text) + 1, text[1:] or stream.read(_BLOCK)


def _anything(stream: BinaryIO) -> bool:
    """Whether more than white space follows."""
    return any(block.strip(_SPACE) for block in iter(lambda: stream.read(_BLOCK), b""))


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
            data = data.lstrip(_SPACE)
            self.begin = place + size - len(data)
        self._size += len(data)
        if self._size <= self.limit + _BLOCK:  # white space may follow
            self._held += data
        else:
            self._held.clear()

    def held(self) -> bytes:
        """What there is of it so far; nothing when that is too long."""
        return bytes(self._held)

    def take(self) -> bytes | None:
        """The bytes; ready for the next element."""
        raw = bytes(self._held).rstrip(_SPACE) if self._size <= self.limit + _BLOCK else None
        self._held.clear()
        self._size = 0
        return raw if raw is None or len(raw) <= self.limit else None


CONTAINER = JsonArray()

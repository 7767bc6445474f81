"""A JSON array of objects, read element by element: an array of any size takes the memory of one element."""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator
from typing import BinaryIO

from datasets_app.core.containers._array_behind import behind, ends_early, first_key_of, is_begun, key_at
from datasets_app.core.containers._array_by_key import pieces_by_key
from datasets_app.core.containers._array_pieces import BLOCK, CUT_OFF, ENDS, MORE, NO_ARRAY, SPACE, indent_of, pieces
from datasets_app.core.containers._recoded import UTF_8, seekable
from datasets_app.core.containers.base import Container, Entry, Reading, parsed
from datasets_app.core.jsonl import BOM, LineError, too_long
from ftstudio.errors import Text

_MOST_AGAIN = 512 << 20
_SHOWN = 1 << 10  # bytes of what follows where nothing should
_NEXT = re.compile(rb"[ \t\r\n]*+(?:,[ \t\r\n]*+)?\[")  # an array, also behind a comma
WRONG = {
    NO_ARRAY: Text("This file does not begin with a JSON array."),
    MORE: Text("Something follows after the end of the array: put it into a file of its own."),
    b",": Text("There is nothing between two commas of the array."),
    b"]": Text("The array ends with a comma: remove it."),
}


class JsonArray(Container):
    """The lines of its entries are the elements' places, from 1."""

    name = "array"
    label = Text("JSON array")
    extensions = (".json",)
    precedence = 10
    json = True

    def recognises(self, head: bytes, name: str) -> bool:
        """True for one array of objects, not for lines that are arrays."""
        text = head.removeprefix(BOM).lstrip(SPACE)
        first, _, rest = text.partition(b"\n")
        if not first.startswith(b"[") or (rest.strip() and first.rstrip().endswith(b"]")):
            return False
        return text[1:].lstrip(SPACE)[:1] in (b"{", b"]", b"")

    def read(self, stream: BinaryIO, reading: Reading) -> Iterator[Entry]:
        reading.normalised["json-array"] += 1
        if reading.encoding not in UTF_8:
            reading.normalised[reading.encoding] += 1
        with seekable(stream, reading.encoding) as text:
            yield from _arrays(text, reading)


def _arrays(stream: BinaryIO, reading: Reading) -> Iterator[Entry]:
    """The elements of one array, and of those that stand behind it in the same file, counted on."""
    begins, head = None, b""
    if stream.seekable():
        head = stream.read(BLOCK)
        begins = _NEXT.match(head.removeprefix(BOM))
        stream.seek(0)
    if begins is None:
        yield from elements(stream, reading)
        return
    count, at = 0, begins.end() + len(head) - len(head.removeprefix(BOM))
    while True:
        at, count = yield from elements(stream, reading, at, count)
        if not at:
            return
        stream.seek(at)
        rest = stream.read(BLOCK)
        begins = _NEXT.match(rest)
        if begins is None:
            yield Entry(count + 1, rest[:_SHOWN].strip(SPACE), error=LineError("json-invalid", WRONG[MORE]))
            return
        reading.normalised["array-behind"] += 1
        at += begins.end()


def elements(
    stream: BinaryIO, reading: Reading, offset: int = 0, before: int = 0
) -> Generator[Entry, None, tuple[int, int]]:
    """The elements of the array that the stream begins with, or that is open at the offset: there more may follow
    behind it. `before` elements have been counted already. Returns where the array ends (0 where nothing follows) and
    how many there were."""
    index = before
    spent = 0  # bytes that were read again to find elements behind a broken one
    first, first_key = 0, b""  # where the first element begins; the key that the first good one begins with
    found_pieces = pieces(stream, reading.max_bytes, offset)
    while (found := next(found_pieces, None)) is not None:
        raw, mark, begin = found
        if mark == MORE and offset:
            return begin, index
        index += 1
        first = first or begin
        entry = parsed(index, raw, reading) if raw and mark in ENDS else None
        if raw and entry is not None and entry.record is not None:
            first_key = first_key or first_key_of(raw)
            yield entry
            continue
        if spent < _MOST_AGAIN and is_begun(raw, mark, first_key) and stream.seekable():
            place = stream.tell()
            after = behind(stream, begin, first, first_key)
            spent += (after or stream.tell()) - begin
            end = begin + len(raw) if raw and entry is not None else None
            if after is not None and (end is None or after < end or ends_early(stream, end, after)):
                error = (entry.error if entry and end and after > end else None) or _unfinished(index)
                yield _without_comma(stream, index, begin, after, reading) or Entry(
                    index, _shown(stream, begin, after), error=error
                )
                indent = indent_of(stream, after)
                if indent is None and (key := first_key or key_at(stream, after)):
                    found_pieces = pieces_by_key(stream, reading.max_bytes, after, key)
                else:
                    found_pieces = pieces(stream, reading.max_bytes, after, indent)
                continue
            stream.seek(place)
        if raw and mark == CUT_OFF and (whole := parsed(index, raw, reading)).record is not None:
            yield whole  # the last one, and only the bracket behind it is missing
            index, raw = index + 1, b""
        if entry is not None:
            yield entry
        elif index > before + 1 or mark != b"]" or raw is None:  # [] is an array of nothing
            yield Entry(index, raw[:BLOCK] if raw else None, error=_refusal(index, raw, mark, reading.max_bytes))
        else:
            index -= 1
    return 0, index


def _refusal(index: int, raw: bytes | None, mark: bytes, limit: int) -> LineError:
    if mark == CUT_OFF and raw != b"":
        return _unfinished(index)
    if raw is None:
        return too_long(limit)
    if mark == CUT_OFF:
        message = Text("The array is not closed after element {index}: is the file cut off?", index=index - 1)
    else:
        message = WRONG[mark]
    return LineError("json-invalid", message)


def _unfinished(index: int) -> LineError:
    message = Text("Element {index} never ends: a bracket or a comma is missing in it or after it.", index=index)
    return LineError("json-invalid", message)


def _without_comma(stream: BinaryIO, index: int, begin: int, end: int, reading: Reading) -> Entry | None:
    """The element between the two offsets if it is whole, and only the comma behind it is missing."""
    if end - begin > reading.max_bytes:
        return None
    stream.seek(begin)
    entry = parsed(index, stream.read(end - begin).rstrip(SPACE), reading)
    reading.normalised["comma-missing"] += entry.record is not None
    return entry if entry.record is not None else None


def _shown(stream: BinaryIO, begin: int, end: int) -> bytes:
    stream.seek(begin)
    return stream.read(min(end - begin, BLOCK)).rstrip(SPACE + b",")


CONTAINER = JsonArray()

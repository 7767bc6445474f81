"""JSON that is no file of lines: an object that holds the rows in an array, or objects written over several lines.

{"version": "1.0", "data": [{…}, {…}]} is how many tools export; objects one after the other, indented, is what jq
writes, and lines with a comma behind each what comes of taking an array apart. All is read in the memory of one record.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import BinaryIO

from datasets_app.core.containers._array_pieces import MORE, SPACE, pieces
from datasets_app.core.containers._recoded import UTF_8, seekable
from datasets_app.core.containers._wrapping import array_at, begins_member, holds_rows
from datasets_app.core.containers.array import WRONG, elements
from datasets_app.core.containers.base import HEAD, Container, Entry, Reading, parsed
from datasets_app.core.encodings import encoding_of
from datasets_app.core.jsonl import BOM, LineError, read_lines, too_long
from ftstudio.errors import Text

_SKIPPED = 1 << 16  # bytes that are held of what holds no rows
_SHOWN = 1 << 10  # bytes of what follows where nothing should
_CUT = ("Expecting value", "Expecting property name", "Expecting ':'", "Expecting ','", "Invalid \\")
_ASKED = 3  # times that an object is looked at as a whole to find out whether it has ended
_NEXT = re.compile(rb"[ \t\r\n]*+\}[ \t\r\n]*+(?:,[ \t\r\n]*+)?\{")  # the end of an object, and another one
# No JSON has }{ but inside of a text, as \frac{1}{2}: there no key follows on it, but what a text has, or its end.
_JOINT = re.compile(rb'\}[ \t\r\n]{0,200}+\{(?=[ \t\r\n]{0,200}+"[ \t\r\n]{0,80}+[^ \t\r\n,:}\]])')
_WIDEST = 512  # bytes, more than that has
_NEAR = 12  # bytes before the end of what is looked at, in which a value may be cut in two


class JsonDocument(Container):
    """The lines of its entries are the elements' places, from 1, or those in which the objects begin."""

    name = "document"
    label = Text("JSON object that holds the rows, or objects over several lines")
    extensions = (".json",)
    precedence = 8
    json = True

    def recognises(self, head: bytes, name: str) -> bool:
        """True for what begins with an object that is not one line by itself, and for one that holds rows."""
        text = readable(head.removeprefix(BOM)).lstrip(SPACE)
        first, _end, rest = text.partition(b"\n")
        if not text.startswith(b"{"):
            return False
        if not rest.strip(SPACE):
            return holds_rows(text)
        line = first.rstrip(SPACE)
        if _is_object(line):
            return False
        return (
            _is_object(line.removesuffix(b","))
            or _is_object(rest.partition(b"\n")[0].strip(SPACE).removesuffix(b",") if line.endswith(b",") else b"")
            or (line == b"{" and rest.lstrip(b" \t\r")[:1] == b'"')
            or _goes_on(text)
        )

    def read(self, stream: BinaryIO, reading: Reading) -> Iterator[Entry]:
        reading.normalised["json-document"] += 1
        if reading.encoding not in UTF_8:
            reading.normalised[reading.encoding] += 1
        with seekable(stream, reading.encoding) as text:
            head = text.read(HEAD)
            text.seek(0)
            yield from (
                _arrays(text, reading) if holds_rows(head.removeprefix(BOM).lstrip(SPACE)) else _objects(text, reading)
            )


def _arrays(stream: BinaryIO, reading: Reading) -> Iterator[Entry]:
    """The elements of all arrays of rows in the object, counted on from one to the next."""
    head = stream.read(HEAD)
    at = head.index(b"{") + 1
    count = 0
    while True:
        stream.seek(at)
        rest = stream.read(HEAD)
        found = begins_member(rest)
        if found is None and (next_one := _NEXT.match(rest)):
            reading.normalised["object-behind"] += 1
            at += next_one.end()
            continue
        if found is None:
            if count and rest.strip(SPACE) not in (b"", b",", b"}", b",}"):
                yield Entry(count + 1, rest[:_SHOWN].strip(SPACE), error=LineError("json-invalid", WRONG[MORE]))
            return
        if (inside := array_at(found)) is not None:
            at, count = yield from elements(stream, reading, at + inside, count)
            if not at:
                return
            continue
        members = pieces(stream, _SKIPPED, at + found.start)
        if next(members)[1] == b"," and (after := next(members, None)) is not None:
            at = after[2]
        elif (behind := _object_behind(stream, at + found.start)) is not None:
            reading.normalised["object-behind"] += 1
            at = behind
        else:
            return


def _object_behind(stream: BinaryIO, at: int) -> int | None:
    """Where the first member may begin of an object that stands right behind another one; None where none does."""
    stream.seek(at)
    held = b""
    while block := stream.read(HEAD):
        held += block
        if found := _JOINT.search(held):
            return at + found.end()
        at, held = at + len(held) - min(len(held), _WIDEST), held[-_WIDEST:]
    return None


def _objects(stream: BinaryIO, reading: Reading) -> Iterator[Entry]:
    """Each object from the line that it begins, a bracket being the first sign of it, to where the next one begins."""
    held: list[bytes] = []
    number = size = asked = 0
    for line in read_lines(stream, max_bytes=reading.max_bytes):
        ends = not held or bool(line.raw and _begins(line.raw, held[0]))
        if not ends and line.raw != b"" and asked < _ASKED and _may_end(held, line.raw):
            ends, asked = _is_object(_joined(held)), asked + 1
        if ends:
            yield from _object(held, number, size, reading)
            held, number, size, asked = [], line.number, 0, 0
        size += line.length
        if line.raw and size <= reading.max_bytes:
            held.append(line.raw)
            number = number or line.number
    yield from _object(held, number, size, reading)


def _object(held: list[bytes], number: int, size: int, reading: Reading) -> Iterator[Entry]:
    if size > reading.max_bytes:
        yield Entry(number, error=too_long(reading.max_bytes))
    elif held:
        reading.normalised["comma-behind"] += held[-1].rstrip(SPACE).endswith(b",")
        yield parsed(number, _joined(held), reading)


def _begins(line: bytes, first: bytes) -> bool:
    """Whether an object begins in the line, no further in than the one before it, that begins in the first line."""
    inner, bare = line.lstrip(SPACE), first.lstrip(SPACE)
    if not inner.startswith(b"{"):
        return False
    return not bare.startswith(b"{") or len(line) - len(inner) <= len(first) - len(bare)


def _may_end(held: list[bytes], line: bytes | None) -> bool:
    """Whether the object held could be whole, so that the line is none of it, unless it is the comma behind it: behind
    its first line, and behind a bracket right below that one's."""
    if line is None or line.strip(SPACE) == b",":
        return line is None
    first = held[0]
    indent = first[: len(first) - len(first.lstrip(SPACE))]
    return len(held) == 1 or held[-1].rstrip(SPACE).removesuffix(b",") == indent + b"}"


def _joined(held: list[bytes]) -> bytes:
    """The object without the comma behind it."""
    return b"\n".join(held).strip(SPACE).removesuffix(b",").rstrip(SPACE)


def _is_object(line: bytes) -> bool:
    try:
        return isinstance(json.loads(line), dict)
    except (ValueError, RecursionError):
        return False


def readable(head: bytes) -> bytes:
    """The beginning of a file in UTF-8, without what is no text: a broken byte makes no other kind of a file."""
    return head.decode(encoding_of(head), "ignore").encode()


def _goes_on(text: bytes) -> bool:
    """Whether the beginning of a file is that of one object and nothing is wrong with it, but that it is cut."""
    decoded = text.decode("utf-8", "ignore")
    try:
        json.loads(decoded)
    except json.JSONDecodeError as error:
        if error.msg.startswith("Extra data"):
            whole = decoded[: error.pos].rstrip()
            return whole.endswith("}") and "\n" in whole
        return error.msg.startswith("Unterminated string") or (
            error.msg.startswith(_CUT) and error.pos >= len(decoded.rstrip()) - _NEAR
        )
    except (ValueError, RecursionError):
        return False
    return True


CONTAINER = JsonDocument()

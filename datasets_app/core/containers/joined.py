"""Objects of JSON one behind the other, with nothing between them: what programs write that append without a line."""

from __future__ import annotations

import json
import re
from collections import deque
from collections.abc import Iterator
from itertools import islice
from typing import BinaryIO

from datasets_app.core.containers._array_pieces import BLOCK, SPACE
from datasets_app.core.containers._recoded import UTF_8, seekable
from datasets_app.core.containers.base import Container, Entry, Reading, parsed
from datasets_app.core.containers.document import readable
from datasets_app.core.jsonl import BOM, too_long
from ftstudio.errors import Text

_JOINT = re.compile(rb"\}[ \t\r\n]{0,200}+(?=\{)")
_WIDEST = 256  # bytes, more than any of them has
# What begins inside of a text: texts that end and begin again behind what stands between two of them, and a last one.
_TEXT = rb'[^"\\]*+(?:\\[\s\S][^"\\]*+)*+'
_BETWEEN = rb'"[ \t\r\n]*+[,:}\]][^"\\]*+'
_GOES_ON = re.compile(b"(?:" + _TEXT + _BETWEEN + b'")*+' + _TEXT)
_ENDS = re.compile(_BETWEEN)


class Joined(Container):
    """The lines of its entries are the objects' places, from 1."""

    name = "joined"
    label = Text("JSON objects one behind the other on one line")
    extensions = (".json",)
    precedence = 7
    json = True

    def recognises(self, head: bytes, name: str) -> bool:
        """True for a first line, with no other behind it in sight, in which an object follows on an object."""
        text = readable(head.removeprefix(BOM)).strip(SPACE)
        if b"\n" in text or not text.startswith(b"{"):
            return False
        decoded = text.decode()
        try:
            _first, end = json.JSONDecoder().raw_decode(decoded)
        except (ValueError, RecursionError):
            return False
        return decoded[end:].lstrip(" \t\r").startswith("{")

    def read(self, stream: BinaryIO, reading: Reading) -> Iterator[Entry]:
        reading.normalised["joined-objects"] += 1
        if reading.encoding not in UTF_8:
            reading.normalised[reading.encoding] += 1
        with seekable(stream, reading.encoding) as text:
            for number, raw in enumerate(_objects(_parts(text, reading.max_bytes), reading.max_bytes), 1):
                if raw is None:
                    yield Entry(number, error=too_long(reading.max_bytes))
                else:
                    yield parsed(number, raw, reading)


def _objects(parts: Iterator[bytes | None], limit: int) -> Iterator[bytes | None]:
    """The parts, those put together again that were parted inside of a text."""
    waiting: deque[bytes | None] = deque()
    while (waiting or _fetched(waiting, parts)) and (waiting[0] is None or waiting[0]):
        first = waiting.popleft()
        taken = _taken_with(first, waiting, parts, limit) if first and _ends_in_a_text(first) else 0
        whole = b"".join((first or b"", *(part or b"" for part in islice(waiting, taken))))
        if taken and _is_whole(whole):
            for _ in range(taken):
                waiting.popleft()
            yield whole.strip(SPACE)
        else:
            yield first and first.strip(SPACE)


def _taken_with(first: bytes, waiting: deque[bytes | None], parts: Iterator[bytes | None], limit: int) -> int:
    """How many of the parts that follow on one that ends in a text it may go on in, to where it is outside of any.

    A formula has hundreds of such places: none is looked at twice, and of a text that never ends no more is than to
    where the next one begins.
    """
    size, taken = len(first), 0
    while taken < len(waiting) or _fetched(waiting, parts):
        part = waiting[taken]
        size += len(part or b"")
        if part is None or size > limit:
            return 0
        taken += 1
        inside = _GOES_ON.match(part)
        end = inside.end() if inside else 0
        if end < len(part):
            return taken if _ENDS.fullmatch(part, end) else 0
    return 0


def _fetched(waiting: deque[bytes | None], parts: Iterator[bytes | None]) -> bool:
    """Whether there was another part."""
    for part in parts:
        waiting.append(part)
        return True
    return False


def _is_whole(raw: bytes) -> bool:
    try:
        json.loads(raw)
    except (ValueError, RecursionError):
        return False
    return True


def _ends_in_a_text(raw: bytes) -> bool:
    try:
        json.loads(raw)
    except json.JSONDecodeError as error:
        return error.msg.startswith("Unterminated string")
    except (ValueError, RecursionError):
        return False
    return False


def _parts(stream: BinaryIO, limit: int) -> Iterator[bytes | None]:
    """What stands between the places at which an object may follow on an object: no JSON has one but inside of a text.
    None for what is longer than `limit`, of which no more is held."""
    stream.seek(len(BOM) if stream.read(len(BOM)) == BOM else 0)
    held, searched, cut = b"", 0, False
    while block := stream.read(max(BLOCK, len(held) // 2)):
        held += block
        begin = 0
        for found in _JOINT.finditer(held, searched):
            yield None if cut or found.end() - begin > limit else held[begin : found.end()]
            begin, cut = found.end(), False
        held = held[begin:]
        if len(held) > limit + BLOCK:
            held, cut = held[-_WIDEST:], True
        searched = max(0, len(held) - _WIDEST)
    if cut or held.strip(SPACE):
        yield None if cut else held


CONTAINER = Joined()

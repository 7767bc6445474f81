"""The elements of a JSON array on one line, told by the key that all of them begin with.

Once something in such an array is broken, brackets and quotation marks tell nothing any more: one that is missing turns
inside out all that follows. But a key that an object begins with stands nowhere else: inside of a text its quotation
marks are escaped. So each element is read by itself, up to where the next one begins.
"""

from __future__ import annotations

import io
import json
import re
from collections import Counter
from collections.abc import Iterator
from typing import BinaryIO

from datasets_app.core.containers._array_pieces import BLOCK, CUT_OFF, is_open, pieces

_MOST_JOINED = 100  # places inside of one element at which another might begin
_LEARNT_BY = 1 << 18  # bytes
_CANDIDATES = 5
_BEGINS = re.compile(rb'[,}][ \t\r\n]*+\{[ \t\r\n]*+("[^"\\]{0,200}+")[ \t\r\n]*+:')


def pieces_by_key(stream: BinaryIO, limit: int, offset: int, key: bytes) -> Iterator[tuple[bytes | None, bytes, int]]:
    """As `pieces` from an element on; what does not end before the next element begins is `CUT_OFF`, and the last."""
    begins = begins_with(key)
    stream.seek(offset)
    held, place, searched, joined = b"", offset, 0, 0  # `place` is the offset of what is held
    while True:
        found = begins.search(held, searched)
        if found is None:
            searched = max(searched, len(held) - len(key) - BLOCK)
            block = b"" if len(held) > limit + 2 * BLOCK else stream.read(BLOCK)
            if block:
                held += block
                continue
            yield from pieces(stream, limit, place)  # the last one, or one that is too long
            return
        last = None
        for raw, mark, begin in pieces(io.BytesIO(b" " + held[: found.end()]), limit, 1):
            last = raw, mark, place + begin - 1
            if mark == CUT_OFF:
                break
            yield last
            last = None
        if last is not None and last[0] != b"":
            if joined < _MOST_JOINED and last[0] and is_open(last[0]):  # the key stands inside of it too
                joined += 1
                done = last[2] - place
                held, place, searched = held[done:], last[2], found.end() - done
                continue
            yield last
            return
        held, place, searched, joined = held[found.end() :], place + found.end(), 0, 0


def begins_with(key: bytes) -> re.Pattern[bytes]:
    """What stands before an element that begins with the key: the comma, or the bracket where that is missing."""
    return re.compile(rb"[,}][ \t\r\n]*+(?=\{[ \t\r\n]*+" + re.escape(key) + rb"[ \t\r\n]*+:)")


def key_ahead(stream: BinaryIO, offset: int) -> bytes:
    """The key that most of what follows begins with, where the elements before tell nothing; b"" when none does.

    What stands inside of an element may have such a key as well, the turns of a chat have: so that one is taken by
    which most of the text falls into whole objects.
    """
    stream.seek(offset)
    data = stream.read(_LEARNT_BY)
    keys = Counter(_BEGINS.findall(data)).most_common(_CANDIDATES)
    whole = {key: _whole(data, key) for key, _times in keys}
    best = max(whole, key=lambda key: whole[key], default=b"")
    return best if best and whole[best] else b""


def _whole(data: bytes, key: bytes) -> int:
    """How many bytes are whole objects when the text is parted by the key."""
    parts = [found.end() for found in begins_with(key).finditer(data)]
    total = 0
    for begin, end in zip(parts, [*parts[1:], len(data)], strict=True):
        raw = data[begin:end].rstrip(b" \t\r\n]").removesuffix(b",")
        try:
            total += len(raw) if isinstance(json.loads(raw), dict) else 0
        except (ValueError, RecursionError):
            continue
    return total

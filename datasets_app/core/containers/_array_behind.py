"""Where the elements of a JSON array go on behind a broken one."""

from __future__ import annotations

import re
from typing import BinaryIO

from datasets_app.core.containers._array_by_key import begins_with, key_ahead
from datasets_app.core.containers._array_pieces import BLOCK, CUT_OFF, INDENT, SPACE, indent_of

_FIRST_KEY = re.compile(rb'\{[ \t\r\n]*+("[^"\\]{0,200}+")')


def first_key_of(raw: bytes) -> bytes:
    """The key that the element begins with, as it is written; b"" when it stands in it again and so tells nothing."""
    named = _FIRST_KEY.match(raw)
    return named[1] if named and raw.count(named[1]) == 1 else b""


def is_begun(raw: bytes | None, mark: bytes, first_key: bytes) -> bool:
    """Whether what cannot be read may be no whole element: a missing quotation mark or bracket in one runs through
    those behind it, or ends it too early."""
    if not raw or mark == CUT_OFF:
        return raw != b""
    return raw.startswith(b"{") or bool(first_key and first_key in raw)


def ends_early(stream: BinaryIO, end: int, after: int) -> bool:
    """Whether the rest of the element stands between its end and the next one, and not elements of other kinds."""
    stream.seek(end)
    rest = stream.read(min(max(0, after - end), BLOCK)).lstrip(SPACE + b",")
    return b'"' in rest.partition(b"\n")[0] or rest[:1] in (b"}", b'"')


def behind(stream: BinaryIO, begin: int, first: int, first_key: bytes) -> int | None:
    """Where the element after the broken one that begins at `begin` may stand; None when nothing tells.

    Where each element begins a line of its own, as the one at `first`, all of them do, indented alike; what is inside
    of one is indented more. Else it is told by the key that the elements begin with, behind the bracket and the comma
    of the one before.
    """
    for place in (begin, first):
        if (indent := indent_of(stream, place)) is not None:
            after = _behind_lines(stream, begin, indent)
            break
    else:
        after = None
    if after is None and (key := first_key or key_at(stream, begin)):
        after = _behind_comma(stream, begin, key)
    if after is None and not first_key and (key := key_ahead(stream, begin)):
        after = _behind_comma(stream, begin, key)
    return after


def key_at(stream: BinaryIO, begin: int) -> bytes:
    """The key that what begins here begins with, as it is written; b"" for none."""
    stream.seek(begin)
    named = _FIRST_KEY.match(stream.read(INDENT))
    return named[1] if named else b""


def _behind_lines(stream: BinaryIO, begin: int, indent: bytes) -> int | None:
    stream.seek(begin)
    at = begin + len(stream.readline())
    while line := stream.readline(BLOCK):
        if line.startswith(indent + b"{"):
            return at + len(indent)
        while line and not line.endswith(b"\n"):
            at += len(line)
            line = stream.readline(BLOCK)
        at += len(line)
    return None


def _behind_comma(stream: BinaryIO, begin: int, first_key: bytes) -> int | None:
    begins = begins_with(first_key)
    stream.seek(begin)
    at, held = begin, b""
    while block := stream.read(BLOCK):
        held += block
        if found := begins.search(held):
            return at + found.end()
        done = max(0, len(held) - len(first_key) - INDENT)
        at, held = at + done, held[done:]
    return None

"""Lines in, records out, and back: the only place that reads or writes JSON text of a data file.

`read_lines` streams in flat memory, `parse` turns one line into an object or says precisely why not, and
`dump` writes the canonical bytes of an export.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO

import orjson

from datasets_app.core.strict_json import LineError, encode, parse_slowly, survey, too_deep
from ftstudio.errors import Text

__all__ = ["BOM", "Json", "Line", "LineError", "dump", "parse", "parse_value", "read_lines", "too_long"]

Json = Any

BOM = b"\xef\xbb\xbf"
MAX_DEPTH = 64
_SKIP = 1 << 16  # how much of an oversized line is held while looking for its end


@dataclass(slots=True)  # not frozen: every line becomes one, and that would take four times as long
class Line:
    """One physical line of a file.

    `number` counts from 1, blank lines included. `offset` is where the line begins and `length` how many bytes
    it takes with its terminator, so `offset + length` is where the next line begins and reading can be resumed
    there. A byte order mark at the start of the file counts in offsets but belongs to no line. `raw` is the
    line without its terminator, b"" when only white space, None when longer than the limit.
    """

    number: int
    offset: int
    length: int
    raw: bytes | None

    @property
    def blank(self) -> bool:
        return self.raw == b""


def read_lines(stream: BinaryIO, *, offset: int = 0, number: int = 1, max_bytes: int) -> Iterator[Line]:
    """Every line from `offset` on, the first one counted as `number`; never holds more than one line.

    Only at offset 0 with the number 1 is it the start of a file, where a byte order mark may stand.
    A line longer than `max_bytes` (without terminator) is skipped piece by piece and yielded with `raw=None`.
    """
    if offset:
        stream.seek(offset)
    limit = max_bytes + 2
    begins = number == 1 and not offset
    first = stream.readline(limit + len(BOM)) if begins else stream.readline(limit)
    if begins and first.startswith(BOM):
        offset, first = len(BOM), first[len(BOM) :]
        if not first:
            first = stream.readline(limit)
    chunk = first
    while chunk:
        length = len(chunk)
        ended = chunk.endswith(b"\n")
        raw: bytes | None = chunk[: -2 if chunk.endswith(b"\r\n") else -1] if ended else chunk
        if len(raw or b"") > max_bytes:
            raw = None
            while not ended and (chunk := stream.readline(_SKIP)):
                length += len(chunk)
                ended = chunk.endswith(b"\n")
        elif raw is not None and (not raw or raw.isspace()):
            raw = b""
        yield Line(number, offset, length, raw)
        number += 1
        offset += length
        chunk = stream.readline(limit)


def parse(raw: bytes, *, max_depth: int = MAX_DEPTH) -> dict[str, Json]:
    """The JSON object of one line. Raises `LineError` with the rule id, the place and the reason."""
    value = parse_value(raw, max_depth=max_depth)
    if not isinstance(value, dict):
        raise LineError(
            "not-an-object",
            Text("This line is {kind}, not an object: every line must be written as {{…}}.", kind=_kind(value)),
        )
    return value


def parse_value(raw: bytes, *, max_depth: int = MAX_DEPTH) -> Json:
    """Any JSON value, read strictly: no duplicate keys, no NaN, no lone surrogates, whole numbers exact."""
    try:
        value = orjson.loads(raw)
    except orjson.JSONDecodeError:
        return parse_slowly(raw, max_depth)
    if raw.count(b"{") + raw.count(b"[") > max_depth and survey(value)[1] > max_depth:
        raise too_deep(max_depth)
    try:
        # True only if no key of the text was lost to another one of its name. Every key is followed by a colon. Written
        # again, a value has the colons of the keys that are left, and those inside its texts: so many that the text has
        # more of them exactly when a key, or what stood behind it, is gone. Only a colon that is written as an escape
        # would be missing in the text.
        kept_keys = raw.count(b":") == orjson.dumps(value).count(b":") and b"\\u003" not in raw
    except TypeError:  # nested too deep to be written
        kept_keys = False
    # And no whole number beyond 64 bits has become a fraction.
    if kept_keys and (_LONG not in raw.translate(_DIGITS) or survey(value)[0]):
        return value
    return parse_slowly(raw, max_depth)


def dump(record: Json) -> bytes:
    """The canonical bytes of one exported line.

    UTF-8, separators ", " and ": ", keys in the record's order, nothing escaped that need not be, "\\n" at the
    end. A lone surrogate, which UTF-8 cannot hold, is the one thing written as an escape.
    """
    return (encode(record) + "\n").encode("utf-8", "backslashreplace")


def too_long(max_bytes: int) -> LineError:
    """What is wrong with a line whose `raw` is None."""
    return LineError(
        "line-too-long",
        Text(
            "This line is longer than {limit} bytes: split it, or put large parts such as images elsewhere.",
            limit=max_bytes,
        ),
    )


_DIGITS = bytes(ord("0") if chr(code).isdecimal() and code < 128 else ord(" ") for code in range(256))
_LONG = b"0" * 19  # digits: no shorter number is beyond 64 bits


def _kind(value: Json) -> Text:
    if isinstance(value, list):
        return Text("an array")
    if isinstance(value, str):
        return Text("a text")
    if isinstance(value, bool):
        return Text("true or false")
    if value is None:
        return Text("null")
    return Text("a number")

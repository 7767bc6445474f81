"""Lines in, records out, and back: the only place that reads or writes JSON text of a data file.

`read_lines` streams in flat memory, `parse` turns one line into an object or says precisely why not, and
`dump` writes the canonical bytes of an export.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO, NoReturn

import orjson

from ftstudio.errors import Text

Json = Any

BOM = b"\xef\xbb\xbf"
MAX_DEPTH = 64
_SKIP = 1 << 16  # how much of an oversized line is held while looking for its end


class LineError(Exception):
    """A line that cannot be used: `code` is a rule id, `text` tells a person what is wrong and what to do."""

    def __init__(self, code: str, text: Text) -> None:
        super().__init__(str(text))
        self.code = code
        self.text = text


@dataclass(frozen=True, slots=True)
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

    A line longer than `max_bytes` (without terminator) is skipped piece by piece and yielded with `raw=None`.
    """
    if offset:
        stream.seek(offset)
    limit = max_bytes + 2
    first = stream.readline(limit + len(BOM)) if not offset else stream.readline(limit)
    if not offset and first.startswith(BOM):
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
        return _parse_slowly(raw, max_depth)
    keys, exact, depth = _survey(value)
    if depth > max_depth:
        raise _too_deep(max_depth)
    if exact and _proves_unique(raw, keys):
        return value
    return _parse_slowly(raw, max_depth)


def dump(record: Json) -> bytes:
    """The canonical bytes of one exported line.

    UTF-8, separators ", " and ": ", keys in the record's order, nothing escaped that need not be, "\\n" at the
    end. A lone surrogate, which UTF-8 cannot hold, is the one thing written as an escape.
    """
    return (_encode(record) + "\n").encode("utf-8", "backslashreplace")


def too_long(max_bytes: int) -> LineError:
    """What is wrong with a line whose `raw` is None."""
    return LineError(
        "line-too-long",
        Text(
            "This line is longer than {limit} bytes: split it, or put large parts such as images elsewhere.",
            limit=max_bytes,
        ),
    )


_encode = json.JSONEncoder(ensure_ascii=False, allow_nan=False, check_circular=False).encode


def read_array(data: bytes) -> Iterator[tuple[int, bytes]]:
    """The elements of a JSON array as raw bytes with their 1-based index, so each can be parsed like a line.

    Raises `LineError` when the text is not Unicode or where it stops being an array.
    """
    text = _decode(data.removeprefix(BOM))
    at = _skip_space(text, 0)
    if text[at : at + 1] != "[":
        raise LineError("json-invalid", Text("This file does not begin with a JSON array."))
    at = _skip_space(text, at + 1)
    index = 1
    decoder = json.JSONDecoder()
    while text[at : at + 1] != "]":
        try:
            _, end = decoder.raw_decode(text, at)
        except (ValueError, RecursionError) as error:
            reason = _reason(error.msg) if isinstance(error, json.JSONDecodeError) else Text("{x}", x=str(error))
            raise LineError(
                "json-invalid", Text("Element {index} of the array is not JSON: {reason}.", index=index, reason=reason)
            ) from None
        yield index, text[at:end].encode("utf-8", "backslashreplace")
        index += 1
        at = _skip_space(text, end)
        if text[at : at + 1] == ",":
            at = _skip_space(text, at + 1)
            if text[at : at + 1] == "]":
                raise LineError("json-invalid", Text("The array ends with a comma: remove it."))
        elif text[at : at + 1] != "]":
            raise LineError(
                "json-invalid",
                Text("After element {index} a comma or the end of the array is missing.", index=index - 1),
            )
    if _skip_space(text, at + 1) != len(text):
        raise LineError("json-invalid", Text("Something follows after the end of the array."))


_SPACE = re.compile(r"[ \t\r\n]*")


def _skip_space(text: str, at: int) -> int:
    match = _SPACE.match(text, at)
    return match.end() if match else at


# The fast path: was anything lost on the way through orjson?


def _survey(value: Json) -> tuple[int, bool, int]:
    """(number of object keys, whether no number can have lost digits, nesting depth) in one walk."""
    keys = 0
    exact = True
    depth = 0
    level = [value]
    while level:
        inner: list[Json] = []
        nested = False
        for item in level:
            kind = type(item)
            if kind is dict:
                nested = True
                keys += len(item)
                inner.extend(item.values())
            elif kind is list:
                nested = True
                inner.extend(item)
            elif kind is float and not -9.2e18 < item < 9.2e18:
                exact = False  # orjson turns whole numbers beyond 64 bits into floats
        depth += nested
        level = [item for item in inner if type(item) not in _LEAVES]
    return keys, exact, depth


_LEAVES = frozenset((str, int, bool, type(None)))


def _proves_unique(raw: bytes, keys: int) -> bool:
    """True only if the text cannot hold more keys than the `keys` that survived parsing.

    In valid JSON `":` is either the end of a key or, written `\\":`, part of a string. When no key has white
    space before its colon and none ends in a backslash, the difference is the exact number of keys written.
    """
    return (
        raw.count(b'":') - raw.count(b'\\":') == keys
        and b'" :' not in raw
        and b'\\\\":' not in raw
        and b'"\t:' not in raw
        and b'"\r' not in raw
        and b'"\n' not in raw
        and not (b'"  ' in raw and _SPACED_COLON.search(raw))
    )


_SPACED_COLON = re.compile(rb'"[ \t\r\n]+:')

# The slow path: read again with the standard library, to name what is wrong and where.


def _parse_slowly(raw: bytes, max_depth: int) -> Json:
    text = _decode(raw)
    try:
        value = _Strict.decode(text)
    except json.JSONDecodeError as error:
        raise _invalid(text, error) from None
    except RecursionError:
        raise _too_deep(max_depth) from None
    except ValueError as error:  # a whole number of thousands of digits
        raise LineError(
            "json-invalid", Text("A number on this line cannot be read: {reason}.", reason=str(error))
        ) from None
    if _survey(value)[2] > max_depth:
        raise _too_deep(max_depth)
    if "\\u" in text and (match := _lone_surrogate(text, value)):
        raise LineError(
            "text-not-unicode",
            Text(
                "Half a character ({escape}) stands alone at column {column}: write the character itself, "
                "or both halves of the pair.",
                escape=match.group(),
                column=match.start() + 1,
            ),
        )
    return value


def _unique(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    found: dict[str, Json] = {}
    for key, value in pairs:
        if key in found:
            raise LineError(
                "json-duplicate-key",
                Text("The key “{key}” appears twice in one object: keep the one that is meant.", key=key[:80]),
            )
        found[key] = value
    return found


def _no_constant(name: str) -> NoReturn:
    raise LineError(
        "json-invalid",
        Text("{name} is not a JSON number: use a number, null, or put it in quotes.", name=name),
    )


def _finite(digits: str) -> float:
    number = float(digits)
    if number in (float("inf"), float("-inf")):
        raise LineError(
            "json-invalid", Text("The number {digits} is too large to be kept: put it in quotes.", digits=digits[:40])
        )
    return number


_Strict = json.JSONDecoder(object_pairs_hook=_unique, parse_constant=_no_constant, parse_float=_finite)


def _decode(raw: bytes) -> str:
    if b"\x00" in raw[:64]:
        raise LineError(
            "text-not-unicode",
            Text("This looks like UTF-16, not UTF-8: save the file as UTF-8 and upload it again."),
        )
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
            hint = Text("This looks like UTF-16, not UTF-8: save the file as UTF-8 and upload it again.")
        elif _looks_like_gb18030(raw):
            hint = Text(
                "Byte {position} is not UTF-8; this looks like GB18030 (GBK): save the file as UTF-8 "
                "and upload it again.",
                position=error.start + 1,
            )
        else:
            hint = Text(
                "Byte {position} (0x{byte}) is not UTF-8: save the file as UTF-8 and upload it again.",
                position=error.start + 1,
                byte=f"{raw[error.start]:02x}",
            )
        raise LineError("text-not-unicode", hint) from None


def _looks_like_gb18030(raw: bytes) -> bool:
    try:
        text = raw.decode("gb18030")
    except UnicodeDecodeError:
        return False
    return any("一" <= char <= "鿿" for char in text)


_ESCAPE = re.compile(r"\\u(?:[dD][89abAB][0-9a-fA-F]{2}|[dD][c-fC-F][0-9a-fA-F]{2})")
_PAIR = re.compile(r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|\\[^u]")


def _lone_surrogate(text: str, value: Json) -> re.Match[str] | None:
    """The escape in `text` that put half a character into `value`, or None when all is well."""
    try:
        _encode(value).encode("utf-8")
    except UnicodeEncodeError:
        blanked = _PAIR.sub(lambda match: " " * len(match.group()), text)
        return _ESCAPE.search(blanked)
    return None


def _too_deep(max_depth: int) -> LineError:
    return LineError(
        "json-invalid",
        Text(
            "This line is nested more than {depth} levels deep: flatten it or leave the inner part out.",
            depth=max_depth,
        ),
    )


_REASONS: tuple[tuple[str, Text], ...] = (
    ("Expecting property name", Text("a key in double quotes is expected")),
    ("Expecting ':'", Text("a colon is missing after the key")),
    ("Expecting ','", Text("a comma or the closing bracket is missing")),
    ("Expecting value", Text("a value is missing")),
    ("Unterminated string", Text("a quotation mark is not closed")),
    ("Invalid control character", Text("a line break or control character stands inside a string: write \\n")),
    ("Invalid \\", Text("a backslash is not followed by a valid escape: write \\\\")),
    ("Extra data", Text("something follows after the end: only one object per line")),
    ("Illegal trailing comma", Text("there is a comma before the closing bracket")),
)


def _reason(said: str) -> Text:
    """The library's words as a sentence that can be translated, where we know them."""
    return next((ours for start, ours in _REASONS if said.startswith(start)), Text("{x}", x=said))


def _invalid(text: str, error: json.JSONDecodeError) -> LineError:
    reason = _reason(error.msg)
    if error.pos < len(text) and text[error.pos] == "'" and reason in (_REASONS[0][1], _REASONS[3][1]):
        reason = Text("single quotes are not JSON: use double quotes")
    return LineError(
        "json-invalid", Text("Not JSON at column {column}: {reason}.", column=error.pos + 1, reason=reason)
    )


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

"""Reading JSON strictly: the slow path of `core/jsonl`, which names what is wrong with a text and where.

Shared with the fast path: `survey`, which looks for what a fast parser may have lost.
"""

from __future__ import annotations

import json
import re
from typing import Any, NoReturn

from ftstudio.errors import Text

Json = Any

# The one way JSON is written: separators ", " and ": ", nothing escaped that need not be.
encode = json.JSONEncoder(ensure_ascii=False, allow_nan=False, check_circular=False).encode


class LineError(Exception):
    """A line that cannot be used: `code` is a rule id, `text` tells a person what is wrong and what to do."""

    def __init__(self, code: str, text: Text) -> None:
        super().__init__(str(text))
        self.code = code
        self.text = text


def survey(value: Json) -> tuple[bool, int]:
    """(whether no number can have lost digits, nesting depth) in one walk."""
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
                inner.extend(item.values())
            elif kind is list:
                nested = True
                inner.extend(item)
            elif kind is float and not -9.2e18 < item < 9.2e18:
                exact = False  # orjson turns whole numbers beyond 64 bits into floats
        depth += nested
        level = [item for item in inner if type(item) not in _LEAVES]
    return exact, depth


_LEAVES = frozenset((str, int, bool, type(None)))


def parse_slowly(raw: bytes, max_depth: int) -> Json:
    text = decode(_without_marks(raw))
    try:
        value = _Strict.decode(text)
    except json.JSONDecodeError as error:
        raise invalid(text, error) from None
    except RecursionError:
        raise too_deep(max_depth) from None
    except ValueError:  # a whole number of thousands of digits
        message = Text("A number on this line has too many digits: put it in quotes.")
        raise LineError("json-invalid", message) from None
    if survey(value)[1] > max_depth:
        raise too_deep(max_depth)
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


def _without_marks(raw: bytes) -> bytes:
    """The line without what a program put before it that holds no text: a byte order mark where files were put behind
    each other, zero bytes where a machine stopped while it wrote."""
    inner = raw.strip(b"\0")
    if len(inner) < len(raw) and not inner.strip():
        message = Text("Here are {n} zero bytes and no text: was the file not written to its end?", n=len(raw))
        raise LineError("text-not-unicode", message)
    inner = inner.removeprefix(b"\xef\xbb\xbf")
    return inner if inner.startswith(b"{") and inner.endswith(b"}") and b"\0" not in inner else raw


def decode(raw: bytes) -> str:
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
        encode(value).encode("utf-8")
    except UnicodeEncodeError:
        blanked = _PAIR.sub(lambda match: " " * len(match.group()), text)
        return _ESCAPE.search(blanked)
    return None


def too_deep(max_depth: int) -> LineError:
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


def reason_of(said: str) -> Text:
    """The library's words as a sentence that can be translated, where we know them."""
    return next((ours for start, ours in _REASONS if said.startswith(start)), Text("{x}", x=said))


def invalid(text: str, error: json.JSONDecodeError) -> LineError:
    reason = reason_of(error.msg)
    if error.pos < len(text) and text[error.pos] == "'" and reason in (_REASONS[0][1], _REASONS[3][1]):
        reason = Text("single quotes are not JSON: use double quotes")
    return LineError(
        "json-invalid", Text("Not JSON at column {column}: {reason}.", column=error.pos + 1, reason=reason)
    )

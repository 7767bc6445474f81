"""JSON rewritten as text: other white space and other escapes, but the numbers and the order of keys as they stand.

No value passes through a float, so `1.50` stays `1.50` and a number of a hundred digits keeps them all.
"""

from __future__ import annotations

import json
import re
from functools import lru_cache
from typing import NoReturn

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[ \t\r\n]+|[:,]', re.DOTALL)
_STRING = re.compile(r'"(?:[^"\\]|\\.)*"')
_SPACED = {":": ": ", ",": ", "}


@lru_cache(maxsize=8)  # reading, measuring and writing an answer ask for the same text several times
def tidy(text: str) -> str | None:
    """The canonical form of a JSON text; None when the text is not JSON.

    ", " and ": " between the parts and no other white space, nothing escaped that need not be.
    """
    if not is_json(text):
        return None
    return _TOKEN.sub(_rewritten, text)


def spaced(text: str) -> str:
    """The same for a text known to be JSON, but with its escapes as they stand."""
    return _TOKEN.sub(_respaced, text)


def unescaped(text: str) -> str:
    """A JSON text with no character as \\u4f60 that can stand for itself, all else as it is; what is no JSON stays."""
    if "\\u" not in text or not is_json(text):
        return text
    return _STRING.sub(lambda found: _rewritten(found) if "\\u" in found[0] else found[0], text)


def is_json(text: str) -> bool:
    """Whether the text is one JSON value, NaN and infinities not being any."""
    try:
        _READER.decode(text)
    except (ValueError, RecursionError):
        return False
    return True


def is_spaced(raw: bytes, compact: bytes) -> bool:
    """Whether `raw` is `compact`, a JSON text without white space between its parts, with one space behind each comma
    and colon, and nothing else different."""
    if b"\\" in raw:
        raw, compact = _veiled(raw), _veiled(compact)
    ours, theirs = raw.split(b'"'), compact.split(b'"')  # between the marks: by turns what is no text, and a text
    return ours[1::2] == theirs[1::2] and b'"'.join(ours[::2]) == (
        b'"'.join(theirs[::2]).replace(b",", b", ").replace(b":", b": ")
    )


def _veiled(text: bytes) -> bytes:
    """The text with signs that no JSON text holds for its escaped backslashes and quotation marks."""
    return text.replace(b"\\\\", b"\x01").replace(b'\\"', b"\x02")


def _respaced(match: re.Match[str]) -> str:
    token = match.group()
    return token if token[0] == '"' else _SPACED.get(token, "")


def _rewritten(match: re.Match[str]) -> str:
    token = match.group()
    if token[0] != '"':
        return _SPACED.get(token, "")
    if "\\" not in token:
        return token
    again = json.dumps(json.loads(token), ensure_ascii=False)
    return again.encode("utf-8", "backslashreplace").decode()  # half a character can only be written as an escape


def _no_constant(name: str) -> NoReturn:
    raise ValueError(name)


_READER = json.JSONDecoder(parse_int=str, parse_float=str, parse_constant=_no_constant)

"""How a line of a source was written, so that an export in the same format gives its bytes back.

A style is a short word kept with the sample: "" for canonical bytes; `compact`, `tight-comma` or `tight-colon` for
other separators, with `+crlf` where lines end as on Windows; `~…` when the bytes cannot be given back, and why. That
a style is right is not guessed: `style_of` writes the record and compares. The order of keys is the codec's memory.
"""

from __future__ import annotations

import json
import re

import orjson

from datasets_app.core.codecs import CODECS, CodecError
from datasets_app.core.json_text import is_spaced, spaced, tidy
from datasets_app.core.jsonl import MAX_DEPTH, Json, parse
from datasets_app.core.jsonl import dump as dump_canonical
from datasets_app.core.strict_json import encode
from ftstudio.errors import Text

CANONICAL = ""
COMPACT = "compact"
CRLF = "+crlf"
IRREGULAR = "~"


def _writer(comma: str, colon: str) -> json.JSONEncoder:
    return json.JSONEncoder(ensure_ascii=False, allow_nan=False, check_circular=False, separators=(comma, colon))


_WRITERS = {COMPACT: _writer(",", ":"), "tight-comma": _writer(",", ": "), "tight-colon": _writer(", ", ":")}
_ESCAPING = (json.JSONEncoder(), json.JSONEncoder(separators=(",", ":")))

_REASONS = {
    "~spaces": Text("white space inside the line that follows no rule"),
    "~escapes": Text("characters written as escapes (\\u4f60) that are written as themselves"),
    "~numbers": Text("numbers written in another way (1.50, 1E3) than we write them"),
    "~shape": Text("a row of another shape than the format has"),
}


def read(raw: bytes, *, max_depth: int = MAX_DEPTH) -> tuple[dict[str, Json], str | None]:
    """The record of a line, and how it is written where that comes to light on the way (see `style_of`).

    Raises `LineError` as `jsonl.parse`. Most lines are written as we would write them, and one look tells so: such a
    line has lost nothing in being read either, and needs no other proof of it.
    """
    try:
        record = orjson.loads(raw)
        written = orjson.dumps(record)
    except (orjson.JSONDecodeError, TypeError):
        return parse(raw, max_depth=max_depth), None
    if type(record) is dict and raw.count(b"{") + raw.count(b"[") <= max_depth:
        if written == raw:
            return record, COMPACT
        if is_spaced(raw, written) and _EXPONENT.search(written) is None:
            return record, CANONICAL
    return parse(raw, max_depth=max_depth), None


_EXPONENT = re.compile(
    rb"e[+-](?<=[0-9]e[+-])"
)  # in a number: the only ones that orjson writes otherwise than `encode`


def style_of(
    raw: bytes, record: dict[str, Json], codec_name: str, *, crlf: bool = False, known: str | None = None
) -> str:
    """The style of a line: `raw` without its line end, `record` as parsed from it, `crlf` whether it ended so, `known`
    what `read` has said of it."""
    end = CRLF if crlf else ""
    if not CODECS[codec_name].exact and not _has_its_shape(record, codec_name):
        return "~shape" + end
    if rb"\\u" in raw and not _has_its_shape(record, codec_name):
        return "~escapes" + end  # in the arguments of a call, which are a text of JSON in a text
    if known is not None:
        return known + end
    first = raw.find(b'":')
    if raw[first + 2 : first + 3] == b" ":
        if encode(record) == raw.decode():
            return CANONICAL + end
    elif _compact(record) == raw:
        return COMPACT + end
    return _rare(raw.decode(), record) + end


def dump(record: Json, style: str = CANONICAL) -> bytes:
    """The line with its end, in the style; canonical when the style cannot be reproduced."""
    if not style:
        return dump_canonical(record)
    words, crlf, _ = style.partition(CRLF)
    if words == COMPACT:
        line = _compact(record)
    elif words in _WRITERS:
        line = _WRITERS[words].encode(record).encode("utf-8", "backslashreplace")
    else:
        line = dump_canonical(record)[:-1]
    return line + (b"\r\n" if crlf else b"\n")


def reproducible(style: str) -> bool:
    """Whether an export in the source's format gives its bytes back."""
    return not style.startswith(IRREGULAR)


def reason(style: str) -> Text:
    """Why the bytes cannot be given back, for the manifest; a style that can be reproduced has no reason: ""."""
    return _REASONS.get(style.removesuffix(CRLF), Text(""))


def _compact(record: Json) -> bytes:
    try:
        return orjson.dumps(record)
    except TypeError:  # a whole number beyond 64 bits, or half a character
        return _WRITERS[COMPACT].encode(record).encode("utf-8", "backslashreplace")


def _rare(text: str, record: Json) -> str:
    """The style of a line that is neither canonical nor compact."""
    if "\\u" in text and any(writer.encode(record) == text for writer in _ESCAPING):
        return "~escapes"  # a whole file of these is common: it is recognised at once
    for style, writer in _WRITERS.items():
        if writer.encode(record) == text and style != COMPACT:
            return style
    written = encode(record)
    if spaced(text) == written:
        return "~spaces"
    return "~escapes" if tidy(text) == written else "~numbers"


def _has_its_shape(record: dict[str, Json], codec_name: str) -> bool:
    codec = CODECS[codec_name]
    try:
        return encode(codec.encode(codec.decode(record))) == encode(record)
    except CodecError:
        return True  # such a row is refused by the export itself

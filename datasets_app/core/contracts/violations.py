"""What breaks a JSON Schema, in sentences that can be translated: by keyword, else in the library's words."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from ftstudio.errors import Listed, Text

MOST = 12  # values named in one sentence
LONGEST = 80  # characters of one value

_LIMITS: Mapping[str, Text] = {
    "minimum": Text("must be at least {limit}"),
    "maximum": Text("must be at most {limit}"),
    "exclusiveMinimum": Text("must be above {limit}"),
    "exclusiveMaximum": Text("must be below {limit}"),
    "multipleOf": Text("must be a multiple of {limit}"),
    "minLength": Text("needs at least {limit} characters"),
    "maxLength": Text("may have at most {limit} characters"),
    "minItems": Text("needs at least {limit} entries"),
    "maxItems": Text("may have at most {limit} entries"),
    "minProperties": Text("needs at least {limit} keys"),
    "maxProperties": Text("may have at most {limit} keys"),
}
_PLAIN: Mapping[str, Text] = {
    "uniqueItems": Text("has an entry twice"),
    "falseSchema": Text("is not allowed here"),
    "anyOf": Text("fits none of the allowed forms"),
    "contains": Text("has no entry of the demanded form, or not as many as it should"),
    "not": Text("has a form that is not allowed"),
    "unevaluatedItems": Text("has more entries than it may"),
}


def place(path: Iterable[str | int]) -> str:
    """Where in a value something stands, as a JSON Pointer (RFC 6901), and “/” for the whole of it."""
    return "".join(f"/{str(part).replace('~', '~0').replace('/', '~1')}" for part in path) or "/"


def explained(keyword: str, demanded: Any, fallback: str) -> Text:
    """What is wrong, as the end of a sentence without a full stop.

    `keyword` is the schema's (`required`, `type`, …) and `demanded` what it demands, of `required` the one name that is
    missing and of `additionalProperties` the names that are too many. For other keywords the text is `fallback`.
    """
    if keyword in _PLAIN:
        return _PLAIN[keyword]
    if keyword in _LIMITS:
        return Text(_LIMITS[keyword].template, limit=_shown(demanded))
    if keyword == "oneOf":
        return Text("fits more than one of the allowed forms") if "more than one" in fallback else _PLAIN["anyOf"]
    if keyword == "propertyNames":
        return Text("has a key that may not be called so: {words}", words=_words(fallback))
    if keyword == "required" and isinstance(demanded, str):
        return Text("“{name}” is missing", name=demanded[:LONGEST])
    if keyword in ("additionalProperties", "unevaluatedProperties") and isinstance(demanded, list):
        return Text("{names} may not stand here", names=_several(demanded))
    if keyword == "type":
        return Text("must be of type {types}", types=Listed([demanded] if isinstance(demanded, str) else demanded))
    if keyword == "enum" and isinstance(demanded, list):
        return Text("must be one of {values}", values=_several(demanded))
    if keyword == "const":
        return Text("must be {value}", value=_shown(demanded))
    if keyword == "pattern":
        return Text("does not match the pattern {pattern}", pattern=str(demanded)[:LONGEST])
    if keyword == "format":
        return Text("is not written in the format {format}", format=str(demanded))
    return Text("{words}", words=_words(fallback))


def _words(said: str) -> str:
    return said.partition("\n")[0][:300].rstrip(".")


def _several(values: list[Any]) -> Listed:
    return Listed([*(_shown(value) for value in values[:MOST]), *(["…"] if len(values) > MOST else [])])


def _shown(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"

"""The shape of a JSON answer: every path in it with the type that stands there. Members of a list share one path."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping

from datasets_app.core.answers import Answer
from datasets_app.core.json_answers import EACH
from datasets_app.core.jsonl import Json
from ftstudio.errors import Text

DEEPEST = 12
ITEM = EACH  # any member of a list

TYPES: Mapping[str, Text] = {
    "text": Text("a text"),
    "number": Text("a number"),
    "truth value": Text("true or false"),
    "list": Text("a list"),
    "object": Text("an object"),
    "null": Text("null"),
}


Outline = Hashable  # what `outline` tells of a value


_LEAVES = {str: "text", bool: "truth value", int: "number", float: "number"}
_KINDS = {**_LEAVES, list: "list", dict: "object"}


def type_of(value: Json) -> str:
    """Whole numbers and fractions are one type, as JSON has it."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "truth value"
    if isinstance(value, str):
        return "text"
    if isinstance(value, list):
        return "list"
    return "object" if isinstance(value, dict) else "number"


def paths(value: Json, at: str = "", depth: int = 0) -> Iterator[tuple[str, Json]]:
    """(JSON Pointer with `*` for list members, value) of the value and everything in it."""
    yield at, value
    if depth >= DEEPEST:
        return
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from paths(inner, f"{at}/{key.replace('~', '~0').replace('/', '~1')}", depth + 1)
    elif isinstance(value, list):
        for inner in value:
            yield from paths(inner, f"{at}/{ITEM}", depth + 1)


def kinds(value: Json) -> tuple[tuple[str, str], ...]:
    """(path, type) of the value and everything in it, as `paths` and `type_of` say, each once in the order they come.

    Written out for speed: every answer of a set is walked through.
    """
    found: dict[tuple[str, str], None] = {}
    _walk(value, "", 0, found)
    return tuple(found)


def _walk(value: Json, at: str, depth: int, found: dict[tuple[str, str], None]) -> None:
    kind = _KINDS.get(value.__class__) or type_of(value)
    found[at, kind] = None
    if depth >= DEEPEST:
        return
    if kind == "object":
        for key, inner in value.items():
            if "~" in key or "/" in key:
                key = key.replace("~", "~0").replace("/", "~1")
            leaf = _LEAVES.get(inner.__class__)
            if leaf:  # most values are; a call for each would cost more than all the rest
                found[f"{at}/{key}", leaf] = None
            else:
                _walk(inner, f"{at}/{key}", depth + 1, found)
    elif kind == "list":
        at = f"{at}/{ITEM}"
        alike = None
        for inner in value:
            if inner.__class__ is dict:
                shape = [*inner, *map(type, inner.values())]
                if shape == alike:  # as the entry before, and flat: it has nothing new
                    continue
                alike = None if dict in shape or list in shape else shape
            _walk(inner, at, depth + 1, found)


def outline(value: Json, depth: int = 0) -> Outline:
    """Keys and types without the paths: equal only for values of the same `kinds`, and told in half the time.

    Entries of a list that are alike count once, in the order they come.
    """
    kind: Outline = value.__class__
    if depth >= DEEPEST:
        return kind
    if kind is dict:
        found = [*value, None]
        for inner in value.values():
            what = inner.__class__
            found.append(outline(inner, depth + 1) if what is dict or what is list else what)
        return tuple(found)
    if kind is list:
        seen: dict[Outline, None] = {}
        for inner in value:
            if inner.__class__ is dict and depth + 1 < DEEPEST:
                flat = (*inner, None, *map(type, inner.values()))
                deep = dict in flat or list in flat
                seen[outline(inner, depth + 1) if deep else flat] = None
            else:
                seen[outline(inner, depth + 1)] = None
        return (list, *seen)
    return kind


def looks_like_json(answer: Answer | None) -> bool:
    """Whether the answer means to be an object or a list, bare or inside a code fence."""
    return answer is not None and answer.text.lstrip()[:1] in ("{", "[", "`")


def structured(answer: Answer | None) -> dict[str, Json] | list[Json] | None:
    """The answer's object or list; None for any other answer, and for one that cannot be read."""
    if answer is None or not looks_like_json(answer):
        return None
    value = answer.value
    return value if isinstance(value, dict | list) else None


def filled(value: Json) -> bool:
    """Whether something stands there: not null, not an empty text, list or object."""
    return value is not None and value not in ("", [], {}) and not (isinstance(value, str) and not value.strip())

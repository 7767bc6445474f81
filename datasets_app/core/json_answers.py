"""How far answers are JSON: read strictly or inside a fence, and which of the leaves that a schema wants are filled."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from datasets_app.core.answers import unfenced
from datasets_app.core.jsonl import MAX_DEPTH, Json, LineError, parse_value

EACH = "*"  # stands for every entry of an array in a path


@dataclass(frozen=True, slots=True)
class Rates:
    """Of `total` answers, how many are JSON as they stand (`strict`) and how many inside a fence too (`lenient`)."""

    strict: int
    lenient: int
    total: int


@dataclass(frozen=True, slots=True)
class Completeness:
    """The required leaves of one answer, as JSON Pointers: those with a value, and those without."""

    filled: tuple[str, ...]
    missing: tuple[str, ...]

    @property
    def share(self) -> float:
        """Filled leaves of all, 0 to 1; 1 where nothing is required."""
        total = len(self.filled) + len(self.missing)
        return len(self.filled) / total if total else 1.0


def rates(answers: Iterable[str]) -> Rates:
    """Count the answers that a strict and a fence-aware reader can read."""
    strict = lenient = total = 0
    for text in answers:
        total += 1
        if _reads(text):
            strict += 1
            lenient += 1
        elif (inner := unfenced(text)) is not text:
            lenient += _reads(inner)
    return Rates(strict, lenient, total)


def completeness(value: Json, schema: Mapping[str, Json]) -> Completeness:
    """Which required leaves of the schema the value fills. null, "", [] and {} fill nothing.

    In an array every entry is asked; an empty or absent one counts as one missing leaf for each that its entries need.
    """
    filled: list[str] = []
    missing: list[str] = []
    for leaf in required_leaves(schema):
        for pointer, found in _expanded(value, leaf, ""):
            (missing if found is None or found in ("", [], {}) else filled).append(pointer)
    return Completeness(tuple(filled), tuple(missing))


def required_leaves(schema: Mapping[str, Json]) -> list[tuple[str, ...]]:
    """The paths of the values that must be there, as the schema's `required` says, `EACH` for array entries."""
    return list(dict.fromkeys(_leaves(schema, schema, (), 0)))


def _leaves(node: Json, root: Mapping[str, Json], path: tuple[str, ...], depth: int) -> Iterator[tuple[str, ...]]:
    node = _resolved(node, root)
    inner = isinstance(node, dict) and depth < MAX_DEPTH
    properties = node.get("properties") if inner else None
    required = node.get("required") if inner else None
    if isinstance(properties, dict) and isinstance(required, list) and required:
        for name in required:
            yield from _leaves(properties.get(name), root, (*path, str(name)), depth + 1)
    elif inner and isinstance(node.get("items"), dict):
        yield from _leaves(node["items"], root, (*path, EACH), depth + 1)
    elif path:
        yield path


def _resolved(node: Json, root: Mapping[str, Json]) -> Json:
    seen = 0
    while isinstance(node, dict) and isinstance(node.get("$ref"), str) and seen < MAX_DEPTH:
        target: Json = root
        for part in node["$ref"].removeprefix("#").split("/")[1:]:
            key = part.replace("~1", "/").replace("~0", "~")
            target = target.get(key) if isinstance(target, dict) else None
        node, seen = target, seen + 1
    return node


def _expanded(value: Json, leaf: tuple[str, ...], pointer: str) -> Iterator[tuple[str, Json]]:
    if not leaf:
        yield pointer, value
        return
    name, rest = leaf[0], leaf[1:]
    if name == EACH and isinstance(value, list) and value:
        for at, item in enumerate(value):
            yield from _expanded(item, rest, f"{pointer}/{at}")
    elif name != EACH and isinstance(value, dict):
        yield from _expanded(value.get(name), rest, f"{pointer}/{name.replace('~', '~0').replace('/', '~1')}")
    else:
        yield pointer + "".join(f"/{part.replace('~', '~0').replace('/', '~1')}" for part in leaf), None


def _reads(text: str) -> bool:
    try:
        parse_value(text.strip().encode("utf-8", "surrogatepass"))
    except LineError:
        return False
    return True

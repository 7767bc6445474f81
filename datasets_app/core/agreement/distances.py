"""How far two ratings are apart: 0 equal, 1 nothing in common. Symmetric; what alpha for non-categories is made of."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterator
from typing import Any

from rapidfuzz.distance import Levenshtein

from datasets_app.core.jsonl import Json


def sets(one: Collection[Hashable], other: Collection[Hashable]) -> float:
    """Jaccard: the share of all tags that only one of the two gave. No tags on both sides is agreement."""
    a, b = set(one), set(other)
    return 1 - len(a & b) / len(a | b) if a | b else 0.0


def texts(one: str, other: str) -> float:
    """Characters to insert, delete or replace (Levenshtein) over the length of the longer text."""
    return Levenshtein.normalized_distance(one, other)


def records(one: Json, other: Json) -> float:
    """The share of leaf paths at which two JSON values differ. An array's entries are compared in order.

    A path that only one of them has differs; leaves are equal as their JSON text is (1 and 1.0 are different texts,
    true and 1 different values).
    """
    a, b = dict(_leaves(one, "")), dict(_leaves(other, ""))
    paths = a.keys() | b.keys()
    return sum(a.get(path) != b.get(path) for path in paths) / len(paths) if paths else 0.0


def _leaves(value: Any, path: str) -> Iterator[tuple[str, tuple[str, str]]]:
    if isinstance(value, dict) and value:
        for key, inner in value.items():
            yield from _leaves(inner, f"{path}/{str(key).replace('~', '~0').replace('/', '~1')}")
    elif isinstance(value, list) and value:
        for at, inner in enumerate(value):
            yield from _leaves(inner, f"{path}/{at}")
    else:
        yield path, (type(value).__name__, repr(value))

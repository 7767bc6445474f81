"""Two JSON values compared leaf by leaf: what is right, what differs, what is missing, what is too much.

A leaf is a text, a number or a boolean at a path. null, "", [] and {} say nothing and are no leaves, on either side.
Texts are the same when they are so in NFKC and without needless white space; numbers by value; a number is never the
same as its digits in quotes. Entries of lists belong together as they agree best, whatever their order.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

from datasets_app.core.jsonl import Json
from datasets_app.core.widths import nfkc

from .assignment import best_pairs

MOST_PAIRS = 4_096  # entries compared with entries, in all; longer lists are compared place by place
_SPACES = re.compile(r"\s+")
_WIDE = "\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef\U00020000-\U0003ffff"
_BESIDE_WIDE = re.compile(rf"(?<=[{_WIDE}]) | (?=[{_WIDE}])")
Said = Literal["wrong", "mistyped", "missing", "extra"]


@dataclass(frozen=True, slots=True)
class Difference:
    """`path` is a JSON Pointer into the answer ("missing": into the reference)."""

    path: str
    said: Said
    given: Json = None
    wanted: Json = None


@dataclass(frozen=True, slots=True)
class Fields:
    """`right` leaves of the `given` ones are as `wanted`; `mistyped` are right but for their type."""

    right: int
    given: int
    wanted: int
    differences: tuple[Difference, ...]

    @property
    def mistyped(self) -> int:
        return sum(each.said == "mistyped" for each in self.differences)

    @property
    def f1(self) -> float | None:
        """2·right / (given + wanted); None where there is nothing to find and nothing was given."""
        whole = self.given + self.wanted
        return 2 * self.right / whole if whole else None


def compared(given: Json, wanted: Json) -> Fields:
    """The leaves of an answer against those of its reference."""
    left = [MOST_PAIRS]
    differences: list[Difference] = []
    right = _walk(given, wanted, "", "", differences, left)
    return Fields(right, _size(given), _size(wanted), tuple(differences))


@lru_cache(maxsize=4096)
def plain(text: str) -> str:
    """The text as it counts: NFKC, white space to one space, none at the ends and none beside Chinese characters."""
    return _BESIDE_WIDE.sub("", _SPACES.sub(" ", nfkc(text)).strip())


def leaves(value: Json, path: str = "") -> Iterator[tuple[str, Json]]:
    """The leaves of a value with their JSON Pointers."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from leaves(inner, _below(path, key))
    elif isinstance(value, list):
        for at, inner in enumerate(value):
            yield from leaves(inner, f"{path}/{at}")
    elif not _is_empty(value):
        yield path, value


def _walk(given: Json, wanted: Json, at: str, there: str, said: list[Difference] | None, left: list[int]) -> int:
    """How many leaves are right. `at` is the path in the answer, `there` the one in the reference."""
    if isinstance(given, dict) and isinstance(wanted, dict):
        right = 0
        for key in {**wanted, **given}:
            right += _walk(given.get(key), wanted.get(key), _below(at, key), _below(there, key), said, left)
        return right
    if isinstance(given, list) and isinstance(wanted, list):
        return _lists(given, wanted, at, there, said, left)
    if _is_leaf(given) and _is_leaf(wanted):
        if _key(given) == _key(wanted):
            return 1
        if said is not None:
            kind: Said = "mistyped" if _digits(given) == _digits(wanted) else "wrong"
            said.append(Difference(at, kind, given, wanted))
        return 0
    if said is not None:
        said += [Difference(path, "missing", None, leaf) for path, leaf in leaves(wanted, there)]
        said += [Difference(path, "extra", leaf, None) for path, leaf in leaves(given, at)]
    return 0


def _lists(
    given: list[Any], wanted: list[Any], at: str, there: str, said: list[Difference] | None, left: list[int]
) -> int:
    pairs, mine, theirs = _equal(given, wanted)
    if mine and theirs:
        inner = any(isinstance(given[one], dict | list) for one in mine)
        left[0] -= len(mine) * len(theirs) * inner
        if inner and left[0] >= 0:
            gains = [[_gain(given[one], wanted[other], one == other, left) for other in theirs] for one in mine]
            found = best_pairs(gains)
        else:
            found = [(place, place) for place in range(min(len(mine), len(theirs)))]
        pairs += [(mine[one], theirs[other]) for one, other in found]
    right = 0
    for one, other in sorted(pairs):
        right += _walk(given[one], wanted[other], f"{at}/{one}", f"{there}/{other}", said, left)
    if said is not None:
        paired = {one for one, _ in pairs}, {other for _, other in pairs}
        for other in sorted(set(range(len(wanted))) - paired[1]):
            _walk(None, wanted[other], f"{at}/{other}", f"{there}/{other}", said, left)
        for one in sorted(set(range(len(given))) - paired[0]):
            _walk(given[one], None, f"{at}/{one}", f"{there}/{one}", said, left)
    return right


def _equal(given: list[Any], wanted: list[Any]) -> tuple[list[tuple[int, int]], list[int], list[int]]:
    """Entries that are the same belong together, those at one place first; and the places of the rest."""
    keys, others = [_key(each) for each in given], [_key(each) for each in wanted]
    pairs = [(at, at) for at in range(min(len(keys), len(others))) if keys[at] == others[at]]
    taken = {at for at, _ in pairs}
    free: dict[Any, list[int]] = {}
    for at in reversed(range(len(others))):
        if at not in taken:
            free.setdefault(others[at], []).append(at)
    rest = []
    for at, key in enumerate(keys):
        if at not in taken:
            if free.get(key):
                pairs.append((at, free[key].pop()))
            else:
                rest.append(at)
    return pairs, rest, sorted(at for places in free.values() for at in places)


def _gain(given: Json, wanted: Json, same_place: bool, left: list[int]) -> float:
    """Leaves that would be right; at equal numbers entries of one kind at one place belong together."""
    alike = type(given) is type(wanted)
    return _walk(given, wanted, "", "", None, left) * 1024 + 2 * alike + same_place


def _key(value: Json) -> Any:
    """Equal for values that are the same; lists here in their order."""
    if isinstance(value, str):
        return ("s", plain(value))
    if isinstance(value, bool):
        return ("b", value)
    if isinstance(value, int | float):
        return ("n", value)
    if isinstance(value, dict):
        return ("o", frozenset((key, _key(inner)) for key, inner in value.items() if not _is_empty(inner)))
    if isinstance(value, list):
        return ("l", tuple(_key(inner) for inner in value))
    return ("s", "")


def _digits(value: Json) -> str:
    return plain(str(value)).casefold()


def _size(value: Json) -> int:
    return sum(1 for _ in leaves(value))


def _is_leaf(value: Json) -> bool:
    return not isinstance(value, dict | list) and not _is_empty(value)


def _is_empty(value: Json) -> bool:
    return value is None or (
        isinstance(value, str | list | dict) and not (value.strip() if isinstance(value, str) else value)
    )


def _below(path: str, key: str) -> str:
    return f"{path}/{key.replace('~', '~0').replace('/', '~1')}"

"""Dealing samples out to people in proportion, and the ranges of a queue that are kept for one person each. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from ftstudio.errors import InvalidInput, Listed, Text

MOST = 50  # people
WHOLE = 100  # per cent


@dataclass(frozen=True, slots=True)
class Portion:
    """A user name with a weight; of two people with 3 and 1, one gets three of four samples."""

    name: str
    weight: int = 1


def read(given: object) -> tuple[Portion, ...]:
    """Of “bob 3, rita 1” or “bob, rita”, of {"bob": 3}, or of ["bob", "rita"]; () for nothing.

    Raises InvalidInput `people` for what is none of these, and for a name that comes twice.
    """
    if given is None or isinstance(given, str):
        parts = [part.split() for part in (given or "").replace("，", ",").replace("、", ",").split(",")]
        pairs: list[tuple[object, object]] = [(words[0], " ".join(words[1:]) or 1) for words in parts if words]
    elif isinstance(given, Mapping):
        pairs = list(given.items())
    elif isinstance(given, Iterable):
        pairs = [(name, 1) for name in given]
    else:
        raise InvalidInput(people=_HOW)
    portions = tuple(Portion(*_checked(name, weight)) for name, weight in pairs)
    names = [portion.name for portion in portions]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise InvalidInput(people=Text("{names} is named twice.", names=Listed(twice)))
    if len(portions) > MOST:
        raise InvalidInput(people=Text("At most {n} people, please.", n=MOST))
    return portions


_HOW = Text("Name people by their user names, with a number where they should not all get the same: bob 3, rita 1.")


def _checked(name: object, weight: object) -> tuple[str, int]:
    if isinstance(weight, str):
        weight = weight.strip().removesuffix("%").strip()
        weight = int(weight) if weight.isascii() and weight.isdecimal() and len(weight) < 4 else 0
    if not isinstance(name, str) or not name or isinstance(weight, bool) or not isinstance(weight, int):
        raise InvalidInput(people=_HOW)
    if not 1 <= weight <= WHOLE:
        raise InvalidInput(people=_HOW)
    return name, weight


def deal(weights: Sequence[int], dealt: Sequence[int]) -> Iterator[int]:
    """Whose turn it is, again and again: the index of whoever is furthest behind their share, the first of equals.

    `dealt` is how many each has got so far, so that dealing can be interrupted and gone on with anywhere.
    """
    have = list(dealt)
    while True:
        turn = min(range(len(weights)), key=lambda at: ((have[at] + 1) / weights[at], at))
        have[turn] += 1
        yield turn


def ranges(percents: Mapping[str, int]) -> list[tuple[str, int, int]]:
    """`[(name, start, percent)]`: one behind the other from 0, by name. Raises InvalidInput `shares` above 100."""
    total = sum(percents.values())
    if total > WHOLE:
        raise InvalidInput(shares=Text("The shares add up to {total} per cent: 100 is all there is.", total=total))
    found, start = [], 0
    for name in sorted(percents):
        found.append((name, start, percents[name]))
        start += percents[name]
    return found

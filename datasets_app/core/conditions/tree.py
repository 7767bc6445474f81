"""A condition on samples: tests of single fields, joined by all, any and not. Pure values; nothing here is a query."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from ftstudio.errors import InvalidInput, Text

Join = Literal["all", "any", "not"]
JOINS: tuple[Join, ...] = ("all", "any", "not")

MOST_TESTS = 40
DEEPEST = 6  # groups inside each other
MOST_VALUES = 200  # of one test
LONGEST = 6000  # characters of a condition's text


@dataclass(frozen=True, slots=True)
class Term:
    """One field of a sample against values, each in its canonical text (`kinds.Kind.read`)."""

    field: str
    operator: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Group:
    """`all` or `any` of the parts, or `not` the only one."""

    join: Join
    parts: tuple[Condition, ...]


Condition = Term | Group  # a plain union, so that `isinstance` can be asked


def tests(condition: Condition) -> Iterator[Term]:
    """Every test in it, from left to right."""
    if isinstance(condition, Term):
        yield condition
    else:
        for part in condition.parts:
            yield from tests(part)


def depth(condition: Condition) -> int:
    """How many groups stand inside each other; 0 for a test alone."""
    if isinstance(condition, Term):
        return 0
    return 1 + max((depth(part) for part in condition.parts), default=0)


def conjuncts(condition: Condition) -> tuple[Condition, ...]:
    """The parts that must all hold: those of an `all`, else the condition itself."""
    return condition.parts if isinstance(condition, Group) and condition.join == "all" else (condition,)


def all_of(parts: tuple[Condition, ...]) -> Condition | None:
    """The inverse of `conjuncts`; None for no part."""
    return (parts[0] if len(parts) == 1 else Group("all", parts)) if parts else None


def refused(place: str, why: Text) -> InvalidInput:
    """The refusal of a condition, saying where in it."""
    return InvalidInput(where=Text("{place}: {why}", place=place, why=why))


def checked_size(condition: Condition, place: str) -> Condition:
    """The condition. Raises InvalidInput for one that is too large to be asked of every sample."""
    if sum(1 for _ in tests(condition)) > MOST_TESTS:
        raise refused(place, Text("at most {n} tests, please.", n=MOST_TESTS))
    if depth(condition) > DEEPEST:
        raise refused(place, Text("at most {n} groups inside each other, please.", n=DEEPEST))
    return condition

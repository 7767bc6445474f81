"""Regular expressions given by people: refused when they are sure to run away, stopped when they do.

Engines that backtrack can take exponential time on a short text. A repeat inside a repeat is refused when the contract
is written. What no look at a pattern tells (“(a|ab|b)*c”) is stopped by the clock, once a sample is checked: a worker
that never came back would hold up everybody's imports.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from re import _constants, _parser  # type: ignore[attr-defined]  # the parse tree has no public name
from typing import Any

import regex

from ftstudio.errors import Text

MAX_PATTERN = 500  # characters
_MANY = 10  # repeating more often than this counts as “without end”
SECONDS = 1.0  # for one pattern on one text; an honest one takes thousandths of that
MOST_STOPPED = 5  # times; after that a process tries the pattern no more


class PatternProblem(Exception):
    def __init__(self, text: Text) -> None:
        super().__init__(str(text))
        self.text = text


class TooSlow(Exception):
    """A pattern did not come to an end on a text; `text` says what to do."""

    def __init__(self, source: str) -> None:
        self.text = Text("The pattern “{pattern}” takes too long on texts like this: make it simpler.", pattern=source)
        super().__init__(str(self.text))


@dataclass(frozen=True, slots=True)
class Pattern:
    """A person's pattern, as `re` understands it, under the clock: both methods raise `TooSlow`."""

    pattern: str
    _clock: _Clock = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_clock", _clock_of(self.pattern))

    def search(self, text: str, start: int, end: int) -> regex.Match[str] | None:
        """The first match between the two characters."""
        self._clock.check()
        try:
            return self._clock.compiled.search(text, start, end, timeout=SECONDS)
        except TimeoutError:
            raise self._clock.stopped() from None

    def finditer(self, text: str, start: int, end: int) -> Iterator[regex.Match[str]]:
        """Every match between the two characters; the time is for all of them."""
        self._clock.check()
        try:
            yield from self._clock.compiled.finditer(text, start, end, timeout=SECONDS)
        except TimeoutError:
            raise self._clock.stopped() from None


@dataclass(slots=True)
class _Clock:
    """How often this process has stopped a pattern; shared by every contract that has the pattern."""

    compiled: regex.Pattern[str]
    times: int = 0

    def check(self) -> None:
        if self.times >= MOST_STOPPED:
            raise TooSlow(self.compiled.pattern)

    def stopped(self) -> TooSlow:
        self.times += 1
        return TooSlow(self.compiled.pattern)


@lru_cache(maxsize=1024)
def _clock_of(source: str) -> _Clock:
    return _Clock(regex.compile(source, regex.VERSION0))


def compile_pattern(source: str) -> Pattern:
    """The compiled pattern. Raises `PatternProblem` saying what to change."""
    if not source:
        raise PatternProblem(Text("is empty: remove it or write a pattern"))
    if len(source) > MAX_PATTERN:
        raise PatternProblem(Text("is longer than {limit} characters: split it up", limit=MAX_PATTERN))
    try:
        tree = _parser.parse(source)
        re.compile(source)
        compiled = Pattern(source)
    except (re.error, regex.error, OverflowError, RecursionError) as error:
        raise PatternProblem(
            Text("“{pattern}” is no regular expression: {reason}", pattern=source, reason=_reason(error))
        ) from None
    if _repeats_within_repeats(tree, inside=False):
        raise PatternProblem(
            Text(
                "“{pattern}” repeats a repetition, which can take forever: write it without the outer repeat",
                pattern=source,
            )
        )
    return compiled


# The beginnings of what `re` says, in sentences that can be translated.
_SAID = (
    ("nothing to repeat", Text("there is nothing to repeat at character {at}")),
    ("multiple repeat", Text("a repeat follows a repeat at character {at}")),
    ("unterminated character set", Text("the “[” at character {at} has no “]”")),
    ("missing ), unterminated subpattern", Text("the “(” at character {at} has no “)”")),
    ("unbalanced parenthesis", Text("the “)” at character {at} has no “(”")),
    ("bad escape", Text("the backslash at character {at} has no meaning before this character")),
)


def _reason(error: Exception) -> str:
    if isinstance(error, re.error) and error.pos is not None:
        for start, said in _SAID:
            if error.msg.startswith(start):
                return Text(said.template, at=error.pos + 1)
    return str(error)


_REPEATS = (_constants.MAX_REPEAT, _constants.MIN_REPEAT)


def _repeats_within_repeats(tree: Any, *, inside: bool) -> bool:
    for operator, argument in tree:
        if operator in _REPEATS:
            _, most, body = argument
            endless = most > _MANY
            if endless and inside:
                return True
            if _repeats_within_repeats(body, inside=inside or endless):
                return True
        elif operator is _constants.GROUPREF and inside:
            return True
        else:
            for part in _subtrees(argument):
                if _repeats_within_repeats(part, inside=inside):
                    return True
    return False


def _subtrees(argument: Any) -> list[Any]:
    if isinstance(argument, _parser.SubPattern):
        return [argument]
    if isinstance(argument, tuple | list):
        return [tree for part in argument for tree in _subtrees(part)]
    return []

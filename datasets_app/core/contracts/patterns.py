"""Regular expressions given by people, refused when they could run away.

Python's engine backtracks: a repeat inside a repeat can take exponential time on a short text. Such patterns
are refused when the contract is written, so that nothing has to be stopped when samples are checked.
"""

from __future__ import annotations

import re
from re import _constants, _parser  # type: ignore[attr-defined]  # the parse tree has no public name
from typing import Any

from ftstudio.errors import Text

MAX_PATTERN = 500  # characters
_MANY = 10  # repeating more often than this counts as “without end”


class PatternProblem(Exception):
    def __init__(self, text: Text) -> None:
        super().__init__(str(text))
        self.text = text


def compile_pattern(source: str) -> re.Pattern[str]:
    """The compiled pattern. Raises `PatternProblem` saying what to change."""
    if not source:
        raise PatternProblem(Text("is empty: remove it or write a pattern"))
    if len(source) > MAX_PATTERN:
        raise PatternProblem(Text("is longer than {limit} characters: split it up", limit=MAX_PATTERN))
    try:
        tree = _parser.parse(source)
        compiled = re.compile(source)
    except (re.error, OverflowError, RecursionError) as error:
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

"""The compact text of a condition, as it stands in an address: `all(status.is(pending),not(tag.is("too long")))`.

    condition := join "(" condition ("," condition)* ")"  |  field "." operator "(" value ("," value)* ")"
    join      := all | any | not
    value     := a run without ( ) , " \\ and white space, or a text in "…" with \\" and \\\\ inside

`write` gives the one canonical form: no white space, quotes only where they are needed. `read(write(c)) == c`.
"""

from __future__ import annotations

import re

from ftstudio.errors import Text

from .making import test_of
from .tree import DEEPEST, JOINS, LONGEST, Condition, Group, Term, checked_size, refused

_HEAD = re.compile(r"\s*([A-Za-z-]+)(?:\.([A-Za-z]+))?\s*\(")
_BARE = re.compile(r"[^\s()\",\\\x00]+")
_PLAIN = re.compile(r"[\w.:+-]+")
_QUOTED = re.compile(r'"((?:[^"\\\x00]|\\["\\])*)"')
_SPACE = re.compile(r"\s*")


def write(condition: Condition) -> str:
    """The canonical text."""
    if isinstance(condition, Term):
        return f"{condition.field}.{condition.operator}({','.join(map(_written, condition.values))})"
    return f"{condition.join}({','.join(map(write, condition.parts))})"


def _written(value: str) -> str:
    if _PLAIN.fullmatch(value):
        return value
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def read(text: str) -> Condition:
    """The condition of a text. Raises InvalidInput `where` that names the character it stumbled over."""
    if len(text) > LONGEST:
        raise refused(_place(LONGEST), Text("at most {n} characters, please.", n=LONGEST))
    condition, at = _condition(text, 0, 0)
    at = _skip(text, at)
    if at < len(text):
        raise refused(_place(at), Text("the condition ends before this; join several with all(…) or any(…)."))
    return checked_size(condition, _place(0))


def _place(at: int) -> Text:
    return Text("Character {n}", n=at + 1)


def _skip(text: str, at: int) -> int:
    match = _SPACE.match(text, at)
    return match.end() if match else at


def _condition(text: str, at: int, deep: int) -> tuple[Condition, int]:
    at = _skip(text, at)
    head = _HEAD.match(text, at)
    if head is None:
        raise refused(_place(at), Text("expected a test such as status.is(pending), or all(…), any(…), not(…)."))
    name, operator = head[1], head[2]
    if operator is not None:
        values, end = _values(text, head.end())
        return test_of(_place(at), name, operator, values), end
    join = next((join for join in JOINS if join == name), None)
    if join is None:
        raise refused(_place(at), Text("“{name}” is neither all, any nor not, and says no operator.", name=name[:60]))
    if deep >= DEEPEST:
        raise refused(_place(at), Text("at most {n} groups inside each other, please.", n=DEEPEST))
    parts, end = [], head.end()
    while True:
        part, end = _condition(text, end, deep + 1)
        parts.append(part)
        end = _skip(text, end)
        if text[end : end + 1] == ")":
            break
        if text[end : end + 1] != ",":
            raise refused(_place(end), Text("expected a comma or a closing bracket."))
        end += 1
    if join == "not" and len(parts) != 1:
        raise refused(_place(at), Text("not(…) takes one condition; put all(…) or any(…) inside."))
    return Group(join, tuple(parts)), end + 1


def _values(text: str, at: int) -> tuple[list[str], int]:
    values: list[str] = []
    while True:
        at = _skip(text, at)
        if text[at : at + 1] == ")" and not values:
            return values, at + 1
        quoted = _QUOTED.match(text, at)
        found = quoted or _BARE.match(text, at)
        if found is None:
            raise refused(_place(at), Text("expected a value, in quotes where it has spaces, commas or brackets."))
        values.append(re.sub(r"\\(.)", r"\1", quoted[1], flags=re.DOTALL) if quoted else found[0])
        at = _skip(text, found.end())
        if text[at : at + 1] == ")":
            return values, at + 1
        if text[at : at + 1] != ",":
            raise refused(_place(at), Text("expected a comma or a closing bracket."))
        at += 1

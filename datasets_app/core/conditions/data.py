"""A condition as JSON: `{"all": [{"field": "tokens", "operator": "min", "value": 200}, {"not": {…}}]}`.

`value` is a list for the operator `any`; numbers and true/false are taken as such and given back as such.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ftstudio.errors import Text

from .fields import FIELDS
from .kinds import Flag, Number
from .making import test_of
from .tree import DEEPEST, JOINS, MOST_TESTS, Condition, Group, Term, checked_size, refused


def to_data(condition: Condition) -> dict[str, Any]:
    """The JSON object; `from_data` is its inverse."""
    if isinstance(condition, Term):
        values = [_given(condition.field, value) for value in condition.values]
        value = values if condition.operator == "any" else values[0]
        return {"field": condition.field, "operator": condition.operator, "value": value}
    if condition.join == "not":
        return {"not": to_data(condition.parts[0])}
    return {condition.join: [to_data(part) for part in condition.parts]}


def _given(field: str, value: str) -> Any:
    kind = FIELDS[field].kind
    if isinstance(kind, Number):
        return int(value)
    return value == "yes" if isinstance(kind, Flag) else value


def from_data(data: Any) -> Condition:
    """The condition of a JSON object. Raises InvalidInput `where` that names the place, such as `all/2/value`."""
    return checked_size(_condition(data, "", 0), "where")


def _condition(data: Any, path: str, deep: int) -> Condition:
    place = path or "where"
    if not isinstance(data, Mapping):
        raise refused(place, Text("expected an object with field, operator and value, or with all, any or not."))
    join = next((join for join in JOINS if join in data), None)
    if join is None:
        return _test(data, path)
    if len(data) > 1:
        raise refused(place, Text("“{name}” stands alone in its object.", name=join))
    if deep >= DEEPEST:
        raise refused(place, Text("at most {n} groups inside each other, please.", n=DEEPEST))
    inside = f"{path}/{join}".lstrip("/")
    if join == "not":
        return Group("not", (_condition(data["not"], inside, deep + 1),))
    parts = data[join]
    if not isinstance(parts, list) or not parts or len(parts) > MOST_TESTS:
        raise refused(inside, Text("expected a list of 1 to {n} conditions.", n=MOST_TESTS))
    return Group(join, tuple(_condition(part, f"{inside}/{at}", deep + 1) for at, part in enumerate(parts)))


def _test(data: Mapping[str, Any], path: str) -> Term:
    place = path or "where"
    if unknown := sorted(set(map(str, data)) - {"field", "operator", "value"}):
        raise refused(
            place, Text("“{name}” is not known: give field, operator and value, or all, any or not.", name=unknown[0])
        )
    value = data.get("value")
    values = value if isinstance(value, list) else [value]
    return test_of(place, str(data.get("field", "")), str(data.get("operator", "")), [_plain(v, place) for v in values])


def _plain(value: Any, place: str) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str | int):
        return str(value)
    raise refused(place, Text("a value is a text, a whole number, true or false."))

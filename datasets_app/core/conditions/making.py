"""Making tests out of what somebody wrote: field, operator and values are checked against the registry, once."""

from __future__ import annotations

from collections.abc import Sequence

from ftstudio.errors import Listed, Text

from .fields import FIELDS
from .kinds import Unreadable
from .tree import MOST_VALUES, Term, refused


def test_of(place: str, field: str, operator: str, values: Sequence[str]) -> Term:
    """The test. Raises InvalidInput beginning with `place` for an unknown field, operator or value."""
    known = FIELDS.get(field)
    if known is None:
        raise refused(place, Text("“{name}” is no field: use {known}.", name=field[:60], known=Listed(FIELDS)))
    kind = known.kind
    if operator not in kind.operators:
        allowed = Listed(kind.operators)
        raise refused(
            place, Text("“{field}” has no “{name}”: use {known}.", field=field, name=operator[:60], known=allowed)
        )
    if not values:
        raise refused(place, Text("“{field}” needs a value.", field=field))
    if len(values) > (MOST_VALUES if operator == "any" else 1):
        raise refused(place, Text("“{field}” takes {n} values at most.", field=field, n=_most(operator)))
    try:
        read = tuple(dict.fromkeys(kind.read(value) for value in values))
    except Unreadable as error:
        raise refused(place, error.text) from None
    return Term(field, operator, read)


def _most(operator: str) -> int:
    return MOST_VALUES if operator == "any" else 1

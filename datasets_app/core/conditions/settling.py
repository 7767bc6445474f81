"""What a condition means depends on who asks and when (`me`, `7d`). Settled, it means the same to a worker tomorrow."""

from __future__ import annotations

from datetime import UTC, datetime

from .fields import FIELDS
from .kinds import Moment, Person, is_ago, moment
from .tree import Condition, Group, Term


def settled(condition: Condition, *, me: int, now: datetime) -> Condition:
    """The condition with `me` as a number and times ago as moments."""
    if isinstance(condition, Group):
        return Group(condition.join, tuple(settled(part, me=me, now=now) for part in condition.parts))
    kind = FIELDS[condition.field].kind
    values = condition.values
    if isinstance(kind, Person):
        values = tuple(dict.fromkeys(str(me) if value == "me" else value for value in values))
    elif isinstance(kind, Moment):
        values = tuple(moment(value, now).astimezone(UTC).isoformat() if is_ago(value) else value for value in values)
    return Term(condition.field, condition.operator, values)

"""Orders of the sample list other than by number: keyset pages over an index (dataset, column, position, …)."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db.models import F, Field, Func, Q, Value
from django.db.models.lookups import GreaterThan, LessThan

from datasets_app.models import Sample
from ftstudio.errors import InvalidInput, Listed, Text
from ftstudio.web.pagination import FOREIGN_CURSOR, Page

_CURSOR = re.compile(r"([<>])([0-9]{1,17})\.([0-9]{1,10})")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Column:
    """A column that the list can be ordered by; `number` and `value` put its values into a cursor and back."""

    name: str
    number: Callable[[Any], int]
    value: Callable[[int], Any]


def _same(value: int) -> int:
    return value


ORDERS = {
    "tokens": Column("tokens", _same, _same),
    "findings": Column("findings_total", _same, _same),
    "changed": Column("changed_at", lambda at: (at - _EPOCH) // _MICROSECOND, lambda n: _EPOCH + n * _MICROSECOND),
}
NUMBER = Column("position", _same, _same)  # whose places are (number, number)
NAMES = ("number", *ORDERS)


def checked(order: str) -> str:
    """The order, "" for that of the numbers; a minus before it turns it round. Raises InvalidInput for another."""
    if order and order.removeprefix("-") not in NAMES:
        known = Listed(name for plain in NAMES for name in (plain, f"-{plain}"))
        raise InvalidInput(order=Text("“{name}” is no order: use one of {known}.", name=order[:60], known=known))
    return "" if order == "number" else order


Place = tuple[Any, int]  # of a sample in an order: the column's value and the sample's number
# Column, downwards?, beyond which place (None: from the end), how many → so many rows.
First = Callable[[Column, bool, Place | None, int], list[Sample]]


def page(first: First, *, order: str, cursor: str, size: int) -> Page:
    """A page in an order of ORDERS, of rows that `first` finds. Cursors are `>V.N` and `<V.N`: the column's value and
    the number.

    Raises InvalidInput for a cursor that we did not write.
    """
    column = ORDERS[order.removeprefix("-")]
    back = cursor.startswith("<")
    down = back != order.startswith("-")
    found = first(column, down, _read(column, cursor) if cursor else None, size + 1)
    more = len(found) > size
    found = found[:size]
    if back:
        found.reverse()
    if not found:
        return Page([], "", "")
    before, after = (more, bool(cursor)) if back else (bool(cursor), more)
    earlier = f"<{_place(column, found[0])}" if before else ""
    later = f">{_place(column, found[-1])}" if after else ""
    return Page(found, earlier, later)


def _place(column: Column, row: Sample) -> str:
    return f"{column.number(getattr(row, column.name))}.{row.position}"


def _read(column: Column, cursor: str) -> Place:
    match = _CURSOR.fullmatch(cursor)
    if match is None:
        raise InvalidInput(cursor=FOREIGN_CURSOR)
    try:
        return column.value(int(match[2])), int(match[3])
    except OverflowError:
        raise InvalidInput(cursor=FOREIGN_CURSOR) from None


def between(column: Column, low: Place | None, high: Place | None, *, plainly: bool = False) -> Q:
    """What stands between two places of the order, they themselves left out; None: no end on that side.

    Value and number are compared as one row, which is how the index stands: `a > x or a = x and b > y` enters it at x,
    and passes over every sample with that value. `plainly`: in a form that no index serves.
    """
    if column is NUMBER and not plainly:  # said so that partial indexes in the order of the numbers serve as well
        found = Q()
        if low is not None:
            found &= Q(position__gte=low[0]) if low[1] < low[0] else Q(position__gt=low[0])
        if high is not None:
            found &= Q(position__lte=high[0]) if high[1] > high[0] else Q(position__lt=high[0])
        return found
    found = Q()
    for place, comparison in ((low, GreaterThan), (high, LessThan)):
        if place is not None:
            sides = [plain(name) if plainly else F(name) for name in (column.name, "position")]
            found &= Q(comparison(_row(*sides), _row(*map(Value, place))))
    return found


class _Plain(Func):
    template = "+%(expressions)s"

    def as_postgresql(self, compiler: Any, connection: Any, **more: Any) -> Any:  # where a time has no sign
        return self.as_sql(compiler, connection, template="COALESCE(%(expressions)s, %(expressions)s)", **more)


def plain(name: str) -> Func:
    """A column in a form that no index serves, and of which PostgreSQL's planner knows nothing."""
    column: Any = Sample._meta.get_field(name)
    return _Plain(F(name), output_field=column)


def _row(first: Any, second: Any) -> Func:
    return Func(first, second, template="(%(expressions)s)", output_field=Field())

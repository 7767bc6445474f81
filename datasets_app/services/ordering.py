"""Orders of the sample list other than by number: keyset pages over an index (dataset, column, position, …)."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db.models import Q

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
NAMES = ("number", *ORDERS)


def checked(order: str) -> str:
    """The order, "" for that of the numbers; a minus before it turns it round. Raises InvalidInput for another."""
    if order and order.removeprefix("-") not in NAMES:
        known = Listed(name for plain in NAMES for name in (plain, f"-{plain}"))
        raise InvalidInput(order=Text("“{name}” is no order: use one of {known}.", name=order[:60], known=known))
    return "" if order == "number" else order


First = Callable[[Column, bool, Q, int], list[Sample]]  # column, downwards?, beyond where, how many → so many rows


def page(first: First, *, order: str, cursor: str, size: int) -> Page:
    """A page in an order of ORDERS, of rows that `first` finds. Cursors are `>V.N` and `<V.N`: the column's value and
    the number.

    Raises InvalidInput for a cursor that we did not write.
    """
    column = ORDERS[order.removeprefix("-")]
    back = cursor.startswith("<")
    down = back != order.startswith("-")
    found = first(column, down, beyond(column, *_read(column, cursor), down) if cursor else Q(), size + 1)
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


def _read(column: Column, cursor: str) -> tuple[Any, int]:
    match = _CURSOR.fullmatch(cursor)
    if match is None:
        raise InvalidInput(cursor=FOREIGN_CURSOR)
    try:
        return column.value(int(match[2])), int(match[3])
    except OverflowError:
        raise InvalidInput(cursor=FOREIGN_CURSOR) from None


def beyond(column: Column, value: Any, position: int, down: bool) -> Q:
    """What stands behind that place of the order, or `down`wards before it."""
    way, name = "lt" if down else "gt", column.name
    after = Q(**{f"{name}__{way}": value}) | Q(**{name: value, f"position__{way}": position})
    return Q(**{f"{name}__{way}e": value}) & after  # the first part is what the index is entered at

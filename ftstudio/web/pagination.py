"""Earlier and later, never page numbers: keyset pages for both skins."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from rest_framework.pagination import CursorPagination

from ftstudio.errors import InvalidInput, Text

FOREIGN_CURSOR = Text("This cursor is not one of ours; start again from the first page.")


class ApiCursor(CursorPagination):
    """`{"next", "previous", "results"}` over the model's own stable order."""

    page_size_query_param = "page_size"
    max_page_size = 200
    ordering: Any = "-pk"

    def paginate_queryset(self, queryset: QuerySet[Any], request: Any, view: Any = None) -> list[Any] | None:
        """Raises InvalidInput for a cursor that we did not write: its position would break the query."""
        cursor = self.decode_cursor(request)
        if cursor is not None and cursor.position is not None:
            name = str(self.get_ordering(request, queryset, view)[0]).lstrip("-")
            field = queryset.model._meta.pk if name == "pk" else queryset.model._meta.get_field(name)
            if "\x00" in str(cursor.position):
                raise InvalidInput(cursor=FOREIGN_CURSOR)  # PostgreSQL takes none in a text
            try:
                field.to_python(cursor.position)
            except (ValidationError, ValueError, OverflowError) as error:
                raise InvalidInput(cursor=FOREIGN_CURSOR) from error
        return super().paginate_queryset(queryset, request, view)


@dataclass(frozen=True, slots=True)
class Page:
    """One screen of rows. `earlier` and `later` are cursors, empty where there is nothing more.

    They speak of the listing's order: in a list of the newest first, `later` leads to the older rows.
    """

    rows: list[Any]
    earlier: str
    later: str
    newest_first: bool = False


def position_of(cursor: str) -> int | None:
    """The N of a cursor, None for the first page. Raises InvalidInput for a cursor that we did not write."""
    if not cursor:
        return None
    if not (cursor[0] in "<>" and cursor[1:].isascii() and cursor[1:].isdecimal() and len(cursor) < 20):
        raise InvalidInput(cursor=FOREIGN_CURSOR)
    return int(cursor[1:])


def keyset(
    queryset: QuerySet[Any],
    *,
    cursor: str,
    size: int,
    key: str,
    of: Callable[[Any], int] | None = None,
    newest_first: bool = False,
) -> Page:
    """A page of `queryset` in ascending (or `newest_first`, descending) order of the unique integer column `key`.

    `cursor` is "" for the first page, `>N` for what the list shows after N, `<N` for what it shows before. Costs one
    index range, the same on the first and on the last page. Raises InvalidInput for a cursor that we did not write.
    """
    value_of = of or (lambda row: getattr(row, key))
    beyond = position_of(cursor)
    back = cursor.startswith("<")
    descending = back != newest_first
    if beyond is not None:
        queryset = queryset.filter(**{f"{key}__{'lt' if descending else 'gt'}": beyond})
    rows = list(queryset.order_by(f"-{key}" if descending else key)[: size + 1])
    more = len(rows) > size
    rows = rows[:size]
    if back:
        rows.reverse()
    if not rows:
        return Page([], "", "", newest_first)
    before = more if back else bool(cursor)
    after = bool(cursor) if back else more
    earlier = f"<{value_of(rows[0])}" if before else ""
    later = f">{value_of(rows[-1])}" if after else ""
    return Page(rows, earlier, later, newest_first)

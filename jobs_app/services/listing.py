"""Keyset pages over any one column: the value and the key of the last row are where the next page begins."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.db.models import F, Q, QuerySet
from django.utils.dateparse import parse_datetime

from ftstudio.errors import InvalidInput
from ftstudio.web.pagination import FOREIGN_CURSOR


def seek(
    rows: QuerySet[Any], *, column: str, kind: type, descending: bool, cursor: str, size: int
) -> tuple[list[Any], str]:
    """The keys of a page of `rows` in the order of `column` (never NULL), and the cursor of the next ("": the end).

    `kind` is what the column holds: datetime, float or str. The rows themselves are then read by their keys, so that no
    payload is sorted. Raises InvalidInput for a cursor that we did not write.
    """
    beyond = "lt" if descending else "gt"
    if cursor:
        value, key = _read(cursor, kind)
        rows = rows.filter(Q(**{f"{column}__{beyond}": value}) | Q(**{column: value, f"pk__{beyond}": key}))
    order = (F(column).desc(), F("pk").desc()) if descending else (F(column).asc(), F("pk").asc())
    found = list(rows.order_by(*order).values_list("pk", column)[: size + 1])
    keys = [key for key, _ in found[:size]]
    if len(found) <= size:
        return keys, ""
    key, value = found[size - 1]
    return keys, f"{value.isoformat() if isinstance(value, datetime) else value}~{key}"


def in_order(rows: QuerySet[Any], keys: list[Any]) -> list[Any]:
    """The rows of these keys, in this order."""
    by_key = rows.in_bulk(keys)
    return [by_key[key] for key in keys if key in by_key]


def _read(cursor: str, kind: type) -> tuple[Any, Any]:
    text, tilde, key = cursor.rpartition("~")
    try:
        value: Any = parse_datetime(text) if kind is datetime else kind(text)
        if isinstance(value, datetime) and value.tzinfo is not None:
            value = value.astimezone(UTC)  # what no database could compare overflows here
        key_value = UUID(key)
    except (ValueError, OverflowError) as error:
        raise InvalidInput(cursor=FOREIGN_CURSOR) from error
    late = kind is datetime and (value is None or value.tzinfo is None)
    if not tilde or late or (kind is float and value != value) or "\x00" in text:
        raise InvalidInput(cursor=FOREIGN_CURSOR)
    return value, key_value

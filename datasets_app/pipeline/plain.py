"""Rows as the database driver gives them: a million of them through Django's iterators cost a third more to read."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connections
from django.db.models import QuerySet


def fetched(rows: QuerySet[Any, Any]) -> list[tuple[Any, ...]]:
    """All rows of a `values_list`. No column is converted: on SQLite a bool is 0 or 1, and a UUID its hex digits."""
    try:
        sql, params = rows.query.get_compiler(rows.db).as_sql()
    except EmptyResultSet:
        return []
    with connections[rows.db].cursor() as cursor:
        cursor.execute(sql, params)
        found: list[tuple[Any, ...]] = cursor.fetchall()
    return found

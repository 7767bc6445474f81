"""Primary keys set aside before the rows are written, so that nobody has to read back which ones they got.

On SQLite samples of a dataset have ascending keys in the order of their positions, and lists rely on it. On PostgreSQL
those of one chunk have; chunks that are stored at the same time take keys as they come.
"""

from __future__ import annotations

from collections.abc import Sequence

from django.db import connections, models, router


def take(model: type[models.Model], total: int) -> Sequence[int]:
    """`total` unused keys, ascending, never given to anybody else. Belongs into the transaction that writes them."""
    connection = connections[router.db_for_write(model)]
    if connection.vendor == "sqlite":
        first = set_aside(model, total)
        return range(first, first + total)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT nextval(pg_get_serial_sequence(%s, 'id')) FROM generate_series(1, %s)",
            (model._meta.db_table, total),
        )
        return sorted(key for (key,) in cursor.fetchall())


def in_order() -> bool:
    """Whether samples of a dataset have ascending keys in the order of their positions."""
    return can_set_aside()


def can_set_aside() -> bool:
    """Whether keys can be kept for rows of a later transaction: where one writer at a time numbers the rows."""
    return connections[router.db_for_write(models.Model)].vendor == "sqlite"


def set_aside(model: type[models.Model], total: int) -> int:
    """The first of `total` consecutive keys that are from now on taken; on SQLite, inside a transaction."""
    table = model._meta.db_table
    with connections[router.db_for_write(model)].cursor() as cursor:
        cursor.execute("UPDATE sqlite_sequence SET seq = seq + %s WHERE name = %s RETURNING seq", (total, table))
        if row := cursor.fetchone():
            return int(row[0]) - total + 1
        cursor.execute("INSERT INTO sqlite_sequence (name, seq) VALUES (%s, %s)", (table, total))  # its first rows
        return 1

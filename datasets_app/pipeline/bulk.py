"""Many rows at once: COPY on PostgreSQL, wide VALUES lists on SQLite; model objects would cost more than storing them.

Nothing else in the data side writes SQL for this. Model defaults, `auto_now` and signals do not run here: the
caller gives every column but the primary key.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain, islice
from typing import Any

from django.db import connections, models, router

MOST_ROWS, MOST_VALUES = 2000, 30_000  # of one statement on SQLite

_PLAIN = (models.IntegerField, models.CharField, models.TextField, models.BooleanField)


def insert(
    model: type[models.Model],
    columns: Sequence[str],
    rows: Iterable[Sequence[Any]],
    *,
    ready: bool = False,
) -> None:
    """Insert `rows`, each a sequence of Python values in the order of `columns` (attribute names, as `dataset_id`).

    `ready=True` says that the values are what both drivers take as they are: text, numbers, bools, keys as hex digits.
    """
    fields: list[Any] = [model._meta.get_field(_field_name(model, name)) for name in columns]
    connection = connections[router.db_for_write(model)]
    prepared = rows if ready else _prepare(fields, rows, connection)
    quote = connection.ops.quote_name
    table = quote(model._meta.db_table)
    names = ", ".join(quote(field.column) for field in fields)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            with cursor.copy(f"COPY {table} ({names}) FROM STDIN") as copy:
                for row in prepared:
                    copy.write_row(row)
            return
        # Not executemany: for every statement SQLite looks up and writes the table's last key (two fifths of what a
        # narrow row costs), and where a trigger fires it opens a savepoint, at which FTS5 writes out what it has
        # gathered. Row by row, the search index would take twice as long.
        # Django turns each %s into a question mark, which takes longer than joining the rows; only its log needs them.
        mark = "%s" if connection.queries_logged else "?"
        for block in _blocks(prepared, _rows_at_once(connection, len(fields))):
            sql = f"INSERT INTO {table} ({names}) VALUES {_marks(len(fields), len(block), mark)}"  # noqa: S608
            cursor.execute(sql, list(chain.from_iterable(block)))


def _marks(columns: int, rows: int = 1, mark: str = "%s") -> str:
    return ", ".join(["(" + ", ".join([mark] * columns) + ")"] * rows)


def _rows_at_once(connection: Any, columns: int) -> int:
    variables: int = connection.connection.getlimit(sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER)
    return max(1, min(MOST_ROWS, min(variables, MOST_VALUES) // columns))


def _blocks(rows: Iterable[Sequence[Any]], size: int) -> Iterator[list[Sequence[Any]]]:
    rows = iter(rows)
    while block := list(islice(rows, size)):
        yield block


def _field_name(model: type[models.Model], attname: str) -> str:
    return next(field.name for field in model._meta.concrete_fields if field.attname == attname)


def _prepare(fields: Sequence[Any], rows: Iterable[Sequence[Any]], connection: Any) -> Iterable[Sequence[Any]]:
    """The values as the database driver takes them; columns whose Python value is already that are left alone."""
    converters = [(at, _converter(field, connection)) for at, field in enumerate(fields) if not _is_plain(field)]
    for row in rows:
        values = list(row)
        for at, convert in converters:
            values[at] = convert(values[at])
        yield values


def _is_plain(field: Any) -> bool:
    target = field.target_field if field.is_relation else field
    return type(target).get_db_prep_save is models.Field.get_db_prep_save and (
        type(target).__module__ == "django.db.models.fields" and isinstance(target, _PLAIN)
    )


def _converter(field: Any, connection: Any) -> Callable[[Any], Any]:
    """Django's own conversion; for keys and times, of which a chunk holds few different ones, it is remembered."""
    prepare = field.get_db_prep_save
    if not isinstance(field, models.ForeignKey | models.DateTimeField):
        return lambda value: prepare(value, connection)
    known: dict[Any, Any] = {}

    def convert(value: Any) -> Any:
        if value not in known:
            known[value] = prepare(value, connection)
        return known[value]

    return convert


def update(
    model: type[models.Model],
    columns: Sequence[str],
    rows: Iterable[Sequence[Any]],
    *,
    when: Sequence[str] = (),
    triggers: bool = False,
) -> int:
    """Set `columns` of single rows; returns how many were found.

    Each of `rows` is a primary key, then the values in the columns' order, then what the columns of `when` must hold
    for the row to be changed. `triggers=True` says that one hangs on the table: see `insert`.
    """
    fields: list[Any] = [model._meta.get_field(_field_name(model, name)) for name in (*columns, *when)]
    key: Any = model._meta.pk
    connection = connections[router.db_for_write(model)]
    ready = list(_prepare([key, *fields], rows, connection))
    if not ready:
        return 0
    quote = connection.ops.quote_name
    table = quote(model._meta.db_table)
    named = [quote(field.column) for field in (key, *fields)]
    cut = 1 + len(columns)
    with connection.cursor() as cursor:
        if not (triggers and connection.vendor == "sqlite"):
            setting = ", ".join(f"{name} = %s" for name in named[1:cut])
            holding = " AND ".join(f"{name} = %s" for name in (named[0], *named[cut:]))
            sql = f"UPDATE {table} SET {setting} WHERE {holding}"  # noqa: S608
            cursor.executemany(sql, [(*values[1:cut], values[0], *values[cut:]) for values in ready])
            return int(cursor.rowcount)
        setting = ", ".join(f"{name} = new.column{at}" for at, name in enumerate(named[1:cut], 2))
        holding = " AND ".join(
            f"{table}.{name} = new.column{at}" for at, name in enumerate(named, 1) if not 2 <= at <= cut
        )
        found = 0
        for block in _blocks(ready, _rows_at_once(connection, len(named))):
            values = _marks(len(named), len(block))
            sql = f"UPDATE {table} SET {setting} FROM (VALUES {values}) AS new WHERE {holding}"  # noqa: S608
            cursor.execute(sql, list(chain.from_iterable(block)))
            found += int(cursor.rowcount)
        return found


def update_from(model: type[models.Model], column: str, new: models.QuerySet[Any, Any]) -> None:
    """Set `column` of the rows that `new` names, a queryset of `key`, each once, and `value`, which differs."""
    field: Any = model._meta.get_field(column)
    key: Any = model._meta.pk
    connection = connections[router.db_for_write(model)]
    quote = connection.ops.quote_name
    table, name, pk = quote(model._meta.db_table), quote(field.column), quote(key.column)
    sql, params = new.query.get_compiler(connection=connection).as_sql()
    with connection.cursor() as cursor:
        # Not a subquery in SET and another in WHERE: one join takes three quarters of the time.
        change = f"UPDATE {table} SET {name} = found.value FROM ({sql}) AS found"  # noqa: S608
        cursor.execute(f"{change} WHERE {table}.{pk} = found.key", params)

"""What PostgreSQL's planner knows of rows that have just been written.

It chooses by statistics that the database gathers a minute after many rows have come, at the earliest. Until then a new
snapshot has, for all it knows, no rows at all: it would find and sort all that are left for each chunk that is read.
"""

from __future__ import annotations

from django.db import connections, models, router

MANY = 2000  # rows; fewer are soon read, whatever the plan


def tell(written: int, *tables: type[models.Model]) -> None:
    """Have the statistics of these tables gathered, now that so many rows were written: tens of milliseconds, from a
    sample of each. Outside transactions, or whoever tells the same must wait for their end.

    Nothing on SQLite, whose plans do not depend on it. A table that is being cleaned just now is left to that.
    """
    if written < MANY:
        return
    for table in tables:
        connection = connections[router.db_for_write(table)]
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute(f"ANALYZE (SKIP_LOCKED) {connection.ops.quote_name(table._meta.db_table)}")

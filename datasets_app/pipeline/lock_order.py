"""The order of locks for all who write to a dataset.

On SQLite one writer comes after the other (`ftstudio.turns`). PostgreSQL has row locks, and who takes rows in another
order sooner or later stands in a circle with somebody who does not, and people who only wait in the queue for one of
those rows may be the ones that the database throws out. A transaction takes, each step only if it needs it:

1. the row of its own piece of work: a chunk, a bulk change, a snapshot;
2. the samples that it changes, all in one statement, `order_by("pk")`;
3. the dataset's row (rules, positions, totals), late, because everybody wants it;
4. the dataset's counters, once and last, in the order of their keys (`DatasetCount.objects.add` sees to it);
5. the row of an upload or a scan, where the work is counted.

Rows that a transaction has inserted itself are nobody's to wait for and may come at any time. Locks are `no_key`: rows
that point at the locked one may be written meanwhile, and foreign keys are looked at only as a transaction commits.
Every such transaction goes through `attempts.past_deadlocks` and is short: what can be worked out before it begins is.
"""

from __future__ import annotations

from typing import Any

from django.db import connection
from django.db.models import QuerySet


def hold(rows: QuerySet[Any]) -> None:
    """Lock the rows for the rest of the transaction, in the order of their keys, where the database locks rows."""
    if connection.features.has_select_for_update:
        list(rows.select_for_update(no_key=True).order_by("pk").values_list("pk"))

"""Whose turn it is to write.

On SQLite one writer comes after the other. SQLite itself lets writers knock at the locked file with growing pauses, so
under load some wait for seconds while the file is free. Here they queue: threads of a process at a lock, processes at
a file that the kernel frees if its holder dies.

PostgreSQL has row locks, and there is one lock order for all who write to a dataset. Who takes rows in another order
sooner or later stands in a circle with somebody who does not, and people who only wait in the queue for one of those
rows may be the ones that the database throws out. A transaction takes, each step only if it needs it:

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

import fcntl
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.models import QuerySet

_mine = threading.Lock()
_opened: dict[int, int] = {}  # process id → its handle; a fork must not share its parent's


@contextmanager
def write_turn() -> Iterator[None]:
    """Wait for the turn to write and keep it for the block, which begins and ends a transaction.

    Inside a transaction that is already open this waits for nothing: its turn has come, or nobody else queues.
    """
    if connection.vendor != "sqlite" or connection.in_atomic_block:
        yield
        return
    with _mine:
        handle = _handle()
        fcntl.flock(handle, fcntl.LOCK_EX)
        try:
            yield
        finally:
            fcntl.flock(handle, fcntl.LOCK_UN)


def hold(rows: QuerySet[Any]) -> None:
    """Lock the rows for the rest of the transaction, in the order of their keys, where the database locks rows."""
    if connection.features.has_select_for_update:
        list(rows.select_for_update(no_key=True).order_by("pk").values_list("pk"))


def _handle() -> int:
    process = os.getpid()
    if process not in _opened:
        folder = settings.VAR / "run"
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        _opened.clear()
        _opened[process] = os.open(folder / "write.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    return _opened[process]

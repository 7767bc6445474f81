"""Memory that is free in this process, given back to the system.

What a large piece of work has let go lies between what stays, and the C library keeps it until it is asked. And each
thread's connection to SQLite keeps the pages it has read last, 16 megabytes of them, though the thread may be idle for
the rest of the day.
"""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

from django.db import connection, connections


def give_back() -> None:
    """Takes some milliseconds: for the end of work that held tens of megabytes."""
    for one in connections.all(initialized_only=True):  # this thread's
        if one.vendor == "sqlite" and one.connection is not None:
            one.connection.execute("PRAGMA shrink_memory")
    if trim := _trim():
        trim(0)


@contextmanager
def giving_back() -> Iterator[None]:
    """`give_back` when the block is left, however that is."""
    try:
        yield
    finally:
        give_back()


@contextmanager
def few_pages(kilobytes: int) -> Iterator[None]:
    """Within, this thread's connection to SQLite keeps no more than so much of what it has read: for work that reads
    everything once."""
    if connection.vendor != "sqlite":
        yield
        return
    connection.ensure_connection()
    usual = connection.connection.execute("PRAGMA cache_size").fetchone()[0]
    connection.connection.execute(f"PRAGMA cache_size=-{kilobytes:d}")
    try:
        yield
    finally:
        if connection.connection is not None:  # else the next one begins as usual
            connection.connection.execute(f"PRAGMA cache_size={usual:d}")


@cache
def _trim() -> Any:
    return getattr(ctypes.CDLL(None), "malloc_trim", None) if sys.platform == "linux" else None

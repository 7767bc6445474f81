"""Work that breaks fails visibly once, instead of being taken up by every sweep for ever; a deadlock is tried again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from django.db import InterfaceError, OperationalError, connection

from ftstudio.errors import Text

T = TypeVar("T")

DEADLOCK = ("40P01", "40001")  # PostgreSQL: deadlock_detected, serialization_failure
TRIES = 4

BROKEN = Text("Something broke on our side. It has been written to the log; nothing you saved is lost.")


@contextmanager
def failing_once(fail: Callable[[Text], object]) -> Iterator[None]:
    """Call `fail` when the work raises, and raise on. A database that is away or busy is left to the next sweep."""
    try:
        yield
    except (OperationalError, InterfaceError):
        raise
    except Exception:
        fail(BROKEN)
        raise


def past_deadlocks(work: Callable[[], T]) -> T:
    """Do a whole transaction, and do it again when the database gave it up to end a deadlock.

    Inside an outer transaction nothing can be repeated; there the error goes on to whoever began it.
    """
    for left in reversed(range(TRIES)):
        try:
            return work()
        except OperationalError as error:
            deadlock = getattr(error.__cause__, "sqlstate", None) in DEADLOCK
            if not deadlock or not left or connection.in_atomic_block:
                raise
    raise AssertionError("the last try returns or raises")

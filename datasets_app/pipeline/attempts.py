"""Work on one row: claimed by one worker, failing visibly once instead of at every sweep; deadlocks are tried again."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from typing import Any, TypeVar
from uuid import UUID, uuid4

from django.db import InterfaceError, OperationalError, connection

from datasets_app.models.lease import LeasedQuerySet
from ftstudio.errors import Text
from ftstudio.turns import write_turn

logger = logging.getLogger(__name__)

T = TypeVar("T")

DEADLOCK = ("40P01", "40001")  # PostgreSQL: deadlock_detected, serialization_failure
TRIES = 4

BROKEN = Text("Something broke on our side. It has been written to the log; nothing you saved is lost.")


class Stopped(Exception):
    """The lease is gone or the work was cancelled: what is committed stays, the rest is not ours to write."""


def work_alone(
    rows: LeasedQuerySet,
    pk: UUID | str | int,
    *,
    with_related: tuple[str, ...],
    work: Callable[[Any, str], object],
    fail: Callable[[Any, str, str, Text], object],
) -> bool:
    """Claim the row out of `rows`, call `work(row, key)` with the lease's key, let go. Safe to call at any time.

    True if the work was done here and now. Nothing happens to a row that is not among `rows` or that another worker
    holds. Work that breaks is reported by `fail(row, key, "internal", text)` and raised on; work that raises `Stopped`
    ends without a word to anybody.
    """
    key = uuid4().hex
    if not rows.claim(pk, key):
        return False
    objects = rows.model._default_manager
    row = objects.select_related(*with_related).filter(pk=pk).first()
    if row is None:
        return False  # deleted since it was claimed
    try:
        with failing_once(lambda text: fail(row, key, "internal", text)):
            work(row, key)
            return True
    except Stopped:
        logger.info("%s %s was stopped or taken over", rows.model.__name__, pk)
        return False
    finally:
        objects.release(pk, key)


@contextmanager
def failing_once(fail: Callable[[Text], object]) -> Iterator[None]:
    """Call `fail` when the work raises, and raise on. A database that is away or busy is left to the next sweep."""
    try:
        yield
    except (OperationalError, InterfaceError, Stopped):
        raise
    except Exception:
        fail(BROKEN)
        raise


def past_deadlocks(work: Callable[[], T], *, in_turn: bool = True) -> T:
    """Do a whole transaction in its turn, and do it again when the database gave it up to end a deadlock.

    `lock_order` has the order of locks that keeps deadlocks rare. Work that enqueues is not done `in_turn`: the message
    is sent as the transaction commits, and no other writer should wait for a broker. Inside an outer transaction
    nothing can be repeated; there the error goes on to whoever began it.
    """
    for left in reversed(range(TRIES)):
        try:
            with write_turn() if in_turn else nullcontext():
                return work()
        except OperationalError as error:
            deadlock = getattr(error.__cause__, "sqlstate", None) in DEADLOCK
            if not deadlock or not left or connection.in_atomic_block:
                raise
    raise AssertionError("the last try returns or raises")

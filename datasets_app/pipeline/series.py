"""Chunk after chunk in one process, with neither a message nor a wait between them.

To claim a chunk is to write, and on SQLite a write waits while another process stores what it has worked out. So the
next chunk is claimed in the transaction that stores the one before it (`following`), and a process that has begun with
an upload or a re-check stays with it until nothing is left. Messages only call the others.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Any
from uuid import uuid4

from datasets_app.models.lease import LeasedQuerySet
from ftstudio.errors import Text
from ftstudio.sweeping import put_off

from .attempts import Stopped, failing_once

logger = logging.getLogger(__name__)

LOOKED_ROUND = 0.25  # seconds between two looks whether others should be called


def following(left: LeasedQuerySet, key: str) -> Any:
    """The key of the first of the rows that nobody holds, claimed by `key`; None if there is none.

    For a transaction: what is rolled back is not claimed. Never waits for a row that somebody else has locked.
    """
    free = left.abandoned().select_for_update(no_key=True, skip_locked=True).order_by("number")
    pk = free.values_list("pk", flat=True).first()
    return pk if pk is not None and left.claim(pk, key) else None


class Turns:
    """A lock that is given in the order in which it was asked for; who holds it may take it again."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._waiting: deque[threading.Lock] = deque()
        self._holder, self._depth = 0, 0

    def __enter__(self) -> None:
        me = threading.get_ident()
        with self._guard:
            if self._depth == 0 or self._holder == me:
                self._holder, self._depth = me, self._depth + 1
                return
            mine = threading.Lock()
            mine.acquire()
            self._waiting.append(mine)
        mine.acquire()  # until it is handed over; `_depth` stays 1 meanwhile, so that nobody comes in between
        self._holder = me

    def __exit__(self, *_: object) -> None:
        with self._guard:
            if self._depth == 1 and self._waiting:
                self._holder = 0
                self._waiting.popleft().release()
            else:
                self._depth -= 1


class Series:
    """One kind of work in this process: a chunk at a time, those of several owners in turns, each by one thread."""

    def __init__(self) -> None:
        self._turns = Turns()
        self._guard = threading.Lock()
        self._owners: set[Any] = set()

    def work(
        self,
        rows: LeasedQuerySet,
        pk: Any,
        *,
        with_related: tuple[str, ...],
        work: Callable[[Any, str], Any],
        fail: Callable[[Any, str, str, Text], object],
        between: Callable[[], object] = lambda: None,
    ) -> bool:
        """As `work_alone`, for the row and then for every one whose key `work(row, key)` answers.

        `work` lets go of its row when it is done with it, and has claimed for `key` the one that it answers.
        `between` is called before each row but the first. False: a row was not ours, or is not any more.
        """
        key = uuid4().hex
        if not rows.claim(pk, key):
            return False
        objects = rows.model._default_manager
        while True:
            row = objects.select_related(*with_related).filter(pk=pk).first()
            if row is None:
                return False  # deleted since it was claimed
            done = False
            try:
                with self._turns, put_off(), failing_once(lambda text: fail(row, key, "internal", text)):  # noqa: B023
                    pk = work(row, key)
                    done = True
            except Stopped:
                logger.info("%s %s was stopped or taken over", rows.model.__name__, pk)
                return False
            finally:
                if not done:
                    objects.release(row.pk, key)
            if pk is None:
                return True
            between()

    def is_mine(self, owner: Any) -> bool:
        """Whether no other thread of this process works for the owner: then this one does, until `leave`."""
        with self._guard:
            if owner in self._owners:
                return False
            self._owners.add(owner)
            return True

    def is_alone(self) -> bool:
        """Whether at most one owner's work is done in this process just now."""
        return len(self._owners) < 2

    def leave(self, owner: Any) -> None:
        with self._guard:
            self._owners.discard(owner)


class Calling:
    """Calls others to chunks that nobody holds, now and then, as long as fewer than `abreast` are being worked on."""

    def __init__(self, left: LeasedQuerySet, abreast: int, call: Callable[[Any], object]) -> None:
        self._left, self._abreast, self._call = left, abreast, call
        self._next = time.monotonic() + LOOKED_ROUND

    def __call__(self) -> None:
        if time.monotonic() < self._next:
            return
        self._next = time.monotonic() + LOOKED_ROUND
        free = self._left.abandoned()
        at_work = self._left.exclude(pk__in=free.values("pk")).values("lease_key").distinct().count()
        wanted = self._abreast - at_work
        for pk in free.order_by("number").values_list("pk", flat=True)[: max(0, wanted)]:
            self._call(pk)

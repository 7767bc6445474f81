"""Reading the next chunk while one is stored: most of storing is the database's work, done without Python's lock.

Only what asks no database can be read so. A process that reads ahead holds two chunks: the one that it stores and the
one after it, which was claimed in the transaction that stored the one before.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from types import TracebackType
from typing import Any, Generic, TypeVar

from django.db import transaction

from datasets_app.models.lease import LeasedQuerySet
from ftstudio.sweeping import put_off

from .attempts import past_deadlocks
from .series import following

Content = TypeVar("Content")
Reading = Callable[[], Content]


class Ahead(Generic[Content]):
    """The `work` of a `Series` in two steps. A context: what it holds when it is left is let go.

    `read(row)` asks no database. `store(row, key, reading)` is the transaction: `reading()` answers or raises what
    `read` did, and `store` answers the key of another row of `left(row)` that it has claimed, None if there is none.
    While `alone()` is false nothing is read ahead: each row is read when it is stored, and only one is held.
    """

    def __init__(
        self,
        *,
        read: Callable[[Any], Content],
        store: Callable[[Any, str, Reading[Content]], Any],
        left: Callable[[Any], LeasedQuerySet],
        alone: Callable[[], bool],
    ) -> None:
        self._read, self._store, self._left, self._alone = read, store, left, alone
        self._reader = ThreadPoolExecutor(1, thread_name_prefix="ahead")
        self._begun: dict[Any, tuple[Any, Reading[Content]]] = {}  # by key: the row as it was when it was read
        self._spare: Any = None  # claimed, and neither read nor given to the series yet
        self._release: Callable[[Any], object] = lambda pk: None

    def __enter__(self) -> Ahead[Content]:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._reader.shutdown(cancel_futures=True)
        for pk in (*self._begun, self._spare):
            if pk is not None:
                self._release(pk)

    def __call__(self, row: Any, key: str) -> Any:
        """Store the row and read the one after it meanwhile. Answers the key of that one."""
        left = self._left(row)
        self._release = partial(left.release, key=key)
        row, reading = self._begun.pop(row.pk) if row.pk in self._begun else self._begin(row)
        if self._spare is None and self._alone():
            self._spare = past_deadlocks(partial(_claim, left, key))
        coming = left.filter(pk=self._spare).first() if self._spare is not None else None
        self._spare = None
        if coming is None:
            return self._store(row, key, reading)
        self._begun[coming.pk] = self._begin(coming)
        self._spare = self._store(row, key, reading)
        return coming.pk

    def _begin(self, row: Any) -> tuple[Any, Reading[Content]]:
        if not self._alone():
            return row, partial(self._read, row)
        return row, self._reader.submit(self._read_unswept, row).result

    def _read_unswept(self, row: Any) -> Content:
        with put_off():
            return self._read(row)


def _claim(left: LeasedQuerySet, key: str) -> Any:
    with transaction.atomic():
        return following(left, key)

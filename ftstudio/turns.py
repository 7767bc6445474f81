"""Whose turn it is to write, on SQLite.

There one writer comes after the other. SQLite itself lets writers knock at the locked file with growing pauses, so
under load some wait for seconds while the file is free, and in the end are told that it is locked. Here they queue:
threads of a process at a lock, processes at a file that the kernel frees if its holder dies.
"""

from __future__ import annotations

import fcntl
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings
from django.db import connection

_mine = threading.RLock()  # who has the turn may ask for it again
_depth = 0  # how often the thread that holds `_mine` has asked
_opened: dict[int, int] = {}  # process id → its handle; a fork must not share its parent's


@contextmanager
def write_turn() -> Iterator[None]:
    """Wait for the turn to write and keep it for the block, which begins and ends a transaction.

    Inside a transaction that is already open this waits for nothing: its turn has come, or nobody else queues.
    """
    global _depth
    if connection.vendor != "sqlite" or connection.in_atomic_block:
        yield
        return
    with _mine:
        handle = _handle()
        if _depth == 0:
            fcntl.flock(handle, fcntl.LOCK_EX)
        _depth += 1
        try:
            yield
        finally:
            _depth -= 1
            if _depth == 0:
                fcntl.flock(handle, fcntl.LOCK_UN)


def _handle() -> int:
    process = os.getpid()
    if process not in _opened:
        folder = settings.VAR / "run"
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        _opened.clear()
        _opened[process] = os.open(folder / "write.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    return _opened[process]

"""One `up` per state folder: a lock file that the kernel frees when the last process holding it is gone.

The children inherit the handle. So after a `kill -9` of the supervisor the folder stays locked until its
broker and workers are really away, and two brokers never write one append-only file.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
from collections.abc import Iterator
from pathlib import Path


class Locked(Exception):
    """Somebody else holds it; `pid` is the supervisor that does, or did before it was killed."""

    def __init__(self, pid: int | None) -> None:
        self.pid = pid
        super().__init__(f"held by process {pid}")


@contextlib.contextmanager
def held(path: Path, *, patience: float = 10.0) -> Iterator[int]:
    """Hold the lock; yields its handle, to be passed on to children.

    Raises Locked at once while the supervisor named in the file lives, and after `patience` seconds when only
    what it left behind does.
    """
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        _take(handle, time.monotonic() + patience)
        os.ftruncate(handle, 0)
        os.pwrite(handle, str(os.getpid()).encode(), 0)
        try:
            yield handle
        finally:
            os.ftruncate(handle, 0)
    finally:
        os.close(handle)


def _take(handle: int, last: float) -> None:
    while True:
        with contextlib.suppress(BlockingIOError):
            return fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        pid = _holder(handle)
        if (pid is not None and _lives(pid)) or time.monotonic() > last:
            raise Locked(pid)
        time.sleep(0.1)


def _holder(handle: int) -> int | None:
    text = os.pread(handle, 32, 0).decode("ascii", "replace")
    return int(text) if text.isdigit() else None


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True

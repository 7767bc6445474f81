"""In one process, work that nobody waits for gives way to work that somebody does.

A scan follows every import and re-check unasked, and a worker does several things at once by threads that share one
interpreter: a snapshot of a million beside a scan of a million took three times as long as by itself.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

HELD_ANEW = 5.0  # seconds between two looks at the lease of what stands still

_guard = threading.Lock()
_at_work: list[int] = []  # threads, each as often as it is within
_free = threading.Event()
_free.set()


@contextmanager
def waited_for() -> Iterator[None]:
    """Somebody waits for what is done within: whatever gives way in this process stands still meanwhile."""
    me = threading.get_ident()
    with _guard:
        _at_work.append(me)
        _free.clear()
    try:
        yield
    finally:
        with _guard:
            _at_work.remove(me)
            if not _at_work:
                _free.set()


def give_way(hold: Callable[[], object]) -> None:
    """Stand still while other threads of this process do what somebody waits for; `hold` keeps the lease meanwhile."""
    if threading.get_ident() in _at_work:
        return  # it is part of that work
    while not _free.wait(HELD_ANEW):
        hold()

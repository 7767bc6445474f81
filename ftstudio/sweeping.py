"""Python's search for objects that only hold each other, put off while a process loads or works on many samples.

By itself it begins again after every few hundred new objects, and looks at everything a process holds whenever a
quarter has come to that. A chunk makes some fifty thousand objects that all live until it is stored: searching them,
and all of Django with them, again and again took an eighth of an import and a quarter of what a snapshot reads.
"""

from __future__ import annotations

import gc
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_guard = threading.Lock()
_within = 0
_USUAL = gc.get_threshold()
# New objects until the young are searched, and how seldom the older ones are searched with them.
_RARE = (100_000, 50, 1000)


def rarely() -> None:
    """While a process loads: modules and models come by the hundred thousand, and none of them is ever garbage.

    Searching them again and again was two fifths of the time from `manage.py up` to the first page.
    """
    gc.set_threshold(*_RARE)


def as_usual() -> None:
    """A process has loaded: what is there now stays, is not searched again, nor copied in a fork for being searched."""
    gc.freeze()
    gc.set_threshold(*_USUAL)


@contextmanager
def put_off() -> Iterator[None]:
    """Nothing is searched within, by any thread; what has come since is searched once at the end.

    May be nested, and entered by several threads: whoever leaves searches what is young, so that even where somebody
    is always within no circle is kept for longer than a piece of work takes.
    """
    global _within
    with _guard:
        _within += 1
        gc.disable()
    try:
        yield
    finally:
        with _guard:
            _within -= 1
            if not _within:
                gc.enable()
        gc.collect(1)

"""Python's search for objects that only hold each other, put off while many samples are worked on.

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

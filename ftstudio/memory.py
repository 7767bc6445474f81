"""Memory that is free in this process, given back to the system.

What a large piece of work has let go lies between what stays, and the C library keeps it until it is asked.
"""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any


def give_back() -> None:
    """Takes some milliseconds: for the end of work that held tens of megabytes."""
    if trim := _trim():
        trim(0)


@contextmanager
def giving_back() -> Iterator[None]:
    """`give_back` when the block is left, however that is."""
    try:
        yield
    finally:
        give_back()


@cache
def _trim() -> Any:
    return getattr(ctypes.CDLL(None), "malloc_trim", None) if sys.platform == "linux" else None

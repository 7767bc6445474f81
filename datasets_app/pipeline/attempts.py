"""What becomes of work that breaks: it fails visibly once, instead of being taken up by every sweep for ever."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.db import InterfaceError, OperationalError

from ftstudio.errors import Text

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

"""Web processes load while the supervisor migrates, and answer only afterwards: a lock file is the gate between."""

from __future__ import annotations

import contextlib
import fcntl
from collections.abc import Iterator
from pathlib import Path


def path_in(var: Path) -> Path:
    return var / "run" / "migrating.lock"


@contextlib.contextmanager
def closed(var: Path) -> Iterator[None]:
    """Keep the gate closed. The kernel opens it should this process die."""
    with path_in(var).open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def pass_through(var: Path) -> None:
    """Wait until nobody holds the gate closed; where there is none (a container of its own) go straight on."""
    with contextlib.suppress(FileNotFoundError), path_in(var).open() as file:
        fcntl.flock(file, fcntl.LOCK_SH)

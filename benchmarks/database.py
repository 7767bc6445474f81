"""Processor time that PostgreSQL takes for us: what a client waits for there is not in its own processor time.

For a server on this machine whose processes we may look into; of another one, and of SQLite, it is 0.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import Any

_SECOND = 1_000_000_000


def mine(connection: Any) -> float:
    """Seconds that the process behind this connection has taken so far, to the nanosecond. Not its parallel helpers."""
    if connection.vendor != "postgresql":
        return 0.0
    connection.ensure_connection()
    return _taken(connection.connection.info.backend_pid)


def all_of(postmaster: int) -> float:
    """Seconds that all processes of the server have taken so far, with those that have ended."""
    with suppress(OSError):
        children = Path(f"/proc/{postmaster}/task/{postmaster}/children").read_text().split()
        ended = Path(f"/proc/{postmaster}/stat").read_text().rpartition(")")[2].split()[13:15]
        return sum(map(int, ended)) / os.sysconf("SC_CLK_TCK") + sum(map(_taken, (postmaster, *map(int, children))))
    return 0.0


def postmaster(connection: Any) -> int:
    """The server's first process; 0 where there is none on this machine."""
    if connection.vendor != "postgresql":
        return 0
    connection.ensure_connection()
    with suppress(OSError):
        stat = Path(f"/proc/{connection.connection.info.backend_pid}/stat").read_text()
        return int(stat.rpartition(")")[2].split()[1])
    return 0


def _taken(process: int) -> float:
    with suppress(OSError):
        return int(Path(f"/proc/{process}/schedstat").read_text().split()[0]) / _SECOND
    return 0.0

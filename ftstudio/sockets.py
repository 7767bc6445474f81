"""Where the embedded broker listens: a unix socket whose path is short enough for the kernel (about 107 bytes)."""

from __future__ import annotations

import hashlib
import tempfile
from pathlib import Path


def broker_socket(var: Path) -> Path:
    """`var/run/broker.sock`, or the same under the system's temporary folder when that path would be too long."""
    socket = var / "run" / "broker.sock"
    if len(str(socket).encode()) <= 100:
        return socket
    return (
        Path(tempfile.gettempdir()) / f"ftstudio-{hashlib.sha256(str(var).encode()).hexdigest()[:16]}" / "broker.sock"
    )

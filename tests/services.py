"""Runs a command with DATABASE_URL and REDIS_URL: the ones given, else of private servers in a temporary folder.

    python tests/services.py python -m pytest
    python tests/services.py --keep FOLDER python -m benchmarks.million     # the database stays there for the next time

PostgreSQL refuses to run as root; then it runs as the user `postgres` that Debian's package made.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

START_SECONDS = 30


def main(command: list[str]) -> int:
    environment = dict(os.environ)
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="fts-")))
        folder.chmod(0o711)
        kept = folder
        if command[0] == "--keep":
            kept, command = Path(command[1]).resolve(), command[2:]
            kept.mkdir(mode=0o711, parents=True, exist_ok=True)
        if not environment.get("DATABASE_URL"):
            environment["DATABASE_URL"] = stack.enter_context(postgresql(kept, temporary=kept is folder))
        if not environment.get("REDIS_URL"):
            environment["REDIS_URL"] = stack.enter_context(redis(folder))
        return subprocess.run(command, env=environment, check=False).returncode


@contextlib.contextmanager
def postgresql(folder: Path, *, temporary: bool = True) -> Iterator[str]:
    """A cluster on a unix socket, without the syncs that only matter after a power cut: a new one, or what an earlier
    run has kept in the folder. Yields its address."""
    home = folder / "postgres"
    found = home.exists()
    home.mkdir(mode=0o700, exist_ok=True)
    user: list[str] = []
    if os.geteuid() == 0:
        shutil.chown(home, "postgres", "postgres")
        user = ["runuser", "-u", "postgres", "--"]
    quiet = {"stdout": subprocess.DEVNULL, "stdin": subprocess.DEVNULL, "cwd": "/"}
    data = home / "data"
    initdb = [_program("initdb"), "-D", str(data), "-U", "ftstudio", "-A", "trust", "-E", "UTF8", "--no-sync"]
    if not found:
        subprocess.run([*user, *initdb, "--locale=C.UTF-8"], check=True, **quiet)
    options = f"-k {home} -c listen_addresses= -c fsync=off -c full_page_writes=off -c max_connections=200"
    pg_ctl = [*user, _program("pg_ctl"), "-D", str(data), "-w"]
    subprocess.run([*pg_ctl, "-l", str(home / "log"), "-o", options, "start"], check=True, **quiet)
    try:
        create = [_program("createdb"), "-h", str(home), "-U", "ftstudio", "ftstudio"]
        if not found:
            subprocess.run([*user, *create], check=True, **quiet)
        # Through the socket even for root, who may look into the folder; `trust` asks for no password.
        yield f"postgres://ftstudio@{quote(str(home), safe='')}/ftstudio"
    finally:
        # What is kept must be whole without the syncs.
        subprocess.run([*pg_ctl, "-m", "immediate" if temporary else "fast", "stop"], check=False, **quiet)


@contextlib.contextmanager
def redis(folder: Path) -> Iterator[str]:
    """A Redis on a free port of this machine, keeping nothing, with databases for a run on many cores. Yields its
    address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = shutil.which("valkey-server") or _program("redis-server")
    keeping = ["--dir", str(folder), "--save", "", "--databases", "1024"]
    command = [server, "--port", str(port), "--bind", "127.0.0.1", *keeping]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL) as process:
        try:
            last = time.monotonic() + START_SECONDS
            while True:
                with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
                    break
                if process.poll() is not None or time.monotonic() > last:
                    raise SystemExit("redis-server does not start")
                time.sleep(0.05)
            yield f"redis://127.0.0.1:{port}/0"
        finally:
            process.terminate()


def _program(name: str) -> str:
    """Its path; Debian keeps PostgreSQL's own programs off the PATH, one folder per version."""
    versions = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), key=lambda path: float(path.parts[-3]))
    found = str(versions[-1]) if versions else shutil.which(name)
    if not found:
        raise SystemExit(
            f"{name} is not installed. On Debian: apt-get install postgresql postgresql-contrib redis-server"
        )
    return found


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""A real `manage.py up` in a folder of its own, and what one does to it."""

from __future__ import annotations

import contextlib
import json
import os
import random
import re
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 180.0  # seconds; only a hang ever uses them up


def wait_until(true: Callable[[], object], *, what: str) -> None:
    last = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < last, f"waited {PATIENCE:g} s in vain: {what}"
        time.sleep(0.05)


def free_port() -> int:
    """One that nobody listens on, and that nobody else is given before somebody does: below those that the system hands
    out for connections, and of those that belong to this process of a parallel run."""
    own = 20_000 + 500 * (int(os.environ.get("PYTEST_XDIST_WORKER", "gw0")[2:]) % 24)
    for port in random.sample(range(own, own + 500), 100):
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise AssertionError("no port is free")


def environment(**more: str) -> dict[str, str]:
    """The environment of a newcomer: nothing that steers ftstudio is set."""
    ours = re.compile(r"FTSTUDIO_|DJANGO_|DATABASE_URL|REDIS_URL|PYTEST_")
    return {name: value for name, value in os.environ.items() if not ours.match(name)} | more


class Up:
    """One running `up`, with `settings` of its environment. `output()` is all that it has said so far."""

    def __init__(self, var: Path, *, port: int | None = None, **settings: str) -> None:
        self.port = port or free_port()
        self.process = subprocess.Popen(
            [sys.executable, "manage.py", "up", "--port", str(self.port)],
            cwd=ROOT,
            env=environment(FTSTUDIO_VAR=str(var), **settings),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self._lines: list[str] = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout
        self._lines.extend(iter(self.process.stdout.readline, ""))

    def output(self) -> str:
        return "".join(self._lines)

    def wait_for(self, words: str) -> None:
        def said() -> bool:
            assert self.process.poll() is None or words in self.output(), self.output()
            return words in self.output()

        wait_until(said, what=f"{words!r} in\n{self.output()}")

    def get(self, path: str) -> int | None:
        """The status of a page; None when nobody answers."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=10) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as refusal:
            return refusal.code
        except OSError:
            return None

    def children(self) -> dict[int, str]:
        """Everything that runs under it: process id → command line."""
        found: dict[int, str] = {}
        todo = [self.process.pid]
        while todo:
            parent = todo.pop()
            with contextlib.suppress(OSError):
                for child in Path(f"/proc/{parent}/task/{parent}/children").read_text().split():
                    found[int(child)] = _command(int(child))
                    todo.append(int(child))
        return found

    def direct_children(self) -> list[int]:
        """The supervisor's own children, oldest first."""
        pid = self.process.pid
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]

    def kill(self, name: str) -> None:
        """kill -9 for the newest child that the supervisor started as `name`."""
        os.kill(self.started(name), signal.SIGKILL)

    def started(self, name: str) -> int:
        """The process id of the newest child that the supervisor started as `name`."""
        return int(re.findall(rf"^up     \| {name} is process (\d+)$", self.output(), re.MULTILINE)[-1])

    def health(self) -> object:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/healthz", timeout=10) as answer:
                return json.load(answer)
        except OSError:
            return None

    def stop(self) -> int:
        """Ctrl-C. Returns the exit code."""
        self.process.send_signal(signal.SIGINT)
        code = self.process.wait(PATIENCE)
        self.hear_out()
        return code

    def hear_out(self) -> None:
        """Until the last of those who speak through it has ended."""
        self._reader.join(PATIENCE)


def _command(pid: int) -> str:
    return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


@contextlib.contextmanager
def running(var: Path, *, port: int | None = None, **settings: str) -> Iterator[Up]:
    """`up`, started and at work; killed if the test has not stopped it."""
    up = Up(var, port=port, **settings)
    try:
        up.wait_for("worker and beat are at work")
        yield up
    finally:
        if up.process.poll() is None:
            up.stop()
        up.hear_out()
        assert up.process.stdout
        up.process.stdout.close()

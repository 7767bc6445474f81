"""One child process: in a session of its own, never outliving us, its output read line by line."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

PR_SET_PDEATHSIG = 1
LONGEST_LINE = 64 * 1024


def _always() -> bool:
    return True


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """What to run and when to call it ready.

    `ready` is asked now and then while the child starts; it must answer within a second or two.
    `grace` is how many seconds the child gets between SIGTERM and SIGKILL.
    `orphaned` is the signal the kernel sends it should the supervisor itself be killed.
    """

    name: str
    command: Sequence[str]
    folder: Path
    environment: Mapping[str, str]
    ready: Callable[[], bool] = _always
    grace: float = 5.0
    orphaned: signal.Signals = signal.SIGTERM
    handles: tuple[int, ...] = ()
    hidden: str = "\n"  # lines that contain this are not passed on


class Child:
    """A running program. `lines()` never blocks; `end()` and `kill()` reach its whole process group."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.started = time.monotonic()
        self._rest = b""
        # Safe although `preexec_fn` is used: the supervisor has one thread only.
        self._process = subprocess.Popen(  # noqa: S603
            list(program.command),
            cwd=program.folder,
            env=dict(program.environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            pass_fds=program.handles,
            preexec_fn=_die_with_parent(program.orphaned),
        )
        assert self._process.stdout is not None  # noqa: S101  (it is a pipe)
        self.output = self._process.stdout
        os.set_blocking(self.output.fileno(), False)

    @property
    def pid(self) -> int:
        return self._process.pid

    def exit_code(self) -> int | None:
        """None while it runs; otherwise its code, negative for the signal that ended it."""
        return self._process.poll()

    def lines(self) -> list[str]:
        """The whole lines written since the last call; once the child has ended, also an unfinished last one."""
        ended = self.exit_code() is not None
        with contextlib.suppress(BlockingIOError):
            while chunk := os.read(self.output.fileno(), LONGEST_LINE):
                self._rest += chunk
        *whole, self._rest = self._rest.split(b"\n")
        if self._rest and (ended or len(self._rest) > LONGEST_LINE):
            whole.append(self._rest)
            self._rest = b""
        text = (line.decode("utf-8", "replace").rstrip("\r") for line in whole)
        return [line for line in text if self.program.hidden not in line]

    def end(self) -> None:
        """Ask it to finish what it holds and go."""
        with contextlib.suppress(ProcessLookupError):
            self._process.terminate()

    def kill(self) -> None:
        """End what is left of its process group at once, and reap it."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)
        self._process.wait()

    def close(self) -> None:
        self.output.close()


def _die_with_parent(orphaned: signal.Signals) -> Callable[[], None] | None:
    """What runs in the child between fork and exec: have the kernel signal it when its parent dies (Linux only)."""
    if not sys.platform.startswith("linux"):
        return None
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    parent = os.getpid()

    def prepare() -> None:
        prctl(PR_SET_PDEATHSIG, int(orphaned), 0, 0, 0)
        if os.getppid() != parent:  # it died before the line above
            os.kill(os.getpid(), signal.SIGKILL)

    return prepare

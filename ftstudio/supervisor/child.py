"""One child process: in a session of its own, never outliving us, its output read line by line."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from .launch import launch

LONGEST_LINE = 64 * 1024


def _always() -> bool:
    return True


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """What to run and when to call it ready.

    `command` is what a shell would run. Where it is `[python, "-m", module, …]` and `warm` is set, the child is a
    fork that runs the module at once, with all that the supervisor has imported already.
    `ready` is asked now and then while the child starts; it must answer within a second or two.
    `grace` is how many seconds the child gets between SIGTERM and SIGKILL.
    `orphaned` is the signal the kernel sends it should the supervisor itself be killed.
    `handles` are the file handles it may keep; lines that contain `hidden` are not passed on.
    """

    name: str
    command: Sequence[str]
    folder: Path
    environment: Mapping[str, str]
    warm: bool = False
    ready: Callable[[], bool] = _always
    grace: float = 5.0
    orphaned: signal.Signals = signal.SIGTERM
    handles: tuple[int, ...] = ()
    hidden: str = "\n"


class Child:
    """A running program. `lines()` never blocks; `end()` and `kill()` reach its whole process group."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.started = time.monotonic()
        self._rest = b""
        self._code: int | None = None
        self.pid, self.output = launch(
            command=program.command,
            folder=program.folder,
            environment=program.environment,
            warm=program.warm,
            orphaned=program.orphaned,
            handles=program.handles,
        )

    def exit_code(self) -> int | None:
        """None while it runs; otherwise its code, negative for the signal that ended it."""
        if self._code is None:
            self._reap(os.WNOHANG)
        return self._code

    def lines(self) -> list[str]:
        """The whole lines written since the last call; once the child has ended, also an unfinished last one."""
        ended = self.exit_code() is not None
        with contextlib.suppress(BlockingIOError):
            while chunk := os.read(self.output, LONGEST_LINE):
                self._rest += chunk
        *whole, self._rest = self._rest.split(b"\n")
        if self._rest and (ended or len(self._rest) > LONGEST_LINE):
            whole.append(self._rest)
            self._rest = b""
        text = (line.decode("utf-8", "replace").rstrip("\r") for line in whole)
        return [line for line in text if self.program.hidden not in line]

    def end(self) -> None:
        """Ask it to finish what it holds and go."""
        if self.exit_code() is None:
            os.kill(self.pid, signal.SIGTERM)

    def kill(self) -> None:
        """End what is left of its process group at once, and reap it."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)
        if self._code is None:
            self._reap(0)

    def close(self) -> None:
        os.close(self.output)

    def _reap(self, how: int) -> None:
        pid, status = os.waitpid(self.pid, how)
        if pid:
            self._code = os.waitstatus_to_exitcode(status)

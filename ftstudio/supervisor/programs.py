"""The four programs of an installation, in the order of their start. docker-compose.yml runs the last three alike."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from . import address, broker
from .child import Program


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Where and how the programs run. `handle` is the lock they all hold; `door` the socket web answers at.

    `workers` is how many processes answer requests, `crew` how many work in the background.
    """

    folder: Path
    var: Path
    environment: Mapping[str, str]
    host: str
    port: int
    workers: int
    crew: int
    door: int
    handle: int
    worker_is_ready: Callable[[], bool]

    def migration(self) -> Program:
        """Runs once and ends. A process of its own, so that it works while we load what the others will need."""
        return self._program(
            "migrate", *("-m", "django", "migrate", "--noinput", "--skip-checks", "--verbosity", "0"), grace=60
        )

    def web(self) -> Program:
        return self._program(
            "web",
            *("-m", "gunicorn", "--bind", f"fd://{self.door}", "--workers", str(self.workers)),
            ready=lambda: address.answers(self.host, self.port),
            grace=8,
            handles=(self.handle, self.door),
        )

    def worker(self, number: int = 1) -> Program:
        """Threads, so that one small process serves four tasks; what a kill interrupts, the sweeps take up again."""
        return self._program(
            self._worker_name(number),
            *("-m", "celery", "-q", "-A", "ftstudio.celery", "worker", "-P", "threads", "-c", "4", "-l", "WARNING"),
            *("--without-gossip", "--without-mingle", "-n", f"ftstudio{number if number > 1 else ''}@%h"),
            ready=self.worker_is_ready,
            grace=10,
            orphaned=signal.SIGKILL,
        )

    def more_workers(self) -> list[Program]:
        """The rest of the crew: with them, large files are read by several processes at once."""
        return [self.worker(number) for number in range(2, self.crew + 1)]

    @property
    def stop_order(self) -> tuple[str, ...]:
        """Whoever works first, whom they all need last."""
        return (*(self._worker_name(number) for number in range(self.crew, 0, -1)), "beat", "web", "broker")

    @staticmethod
    def _worker_name(number: int) -> str:
        return "worker" if number == 1 else f"worker{number}"

    def beat(self) -> Program:
        return self._program(
            "beat", *("-m", "celery", "-q", "-A", "ftstudio.celery", "beat", "--pidfile=", "-l", "WARNING"), grace=3
        )

    def broker(self, *, server: str, socket_path: Path) -> Program:
        folder = self.var / "broker"
        folder.mkdir(exist_ok=True, mode=0o700)
        broker.prepare_folder(socket_path.parent)
        return Program(
            name="broker",
            command=broker.command(server=server, socket_path=socket_path, folder=folder),
            folder=self.folder,
            environment=self.environment,
            ready=lambda: broker.answers(socket_path),
            handles=(self.handle,),
            hidden="overcommit",  # advice for servers of many gigabytes
        )

    def _program(
        self,
        name: str,
        *arguments: str,
        grace: float,
        ready: Callable[[], bool] = lambda: True,
        orphaned: signal.Signals = signal.SIGTERM,
        handles: tuple[int, ...] = (),
    ) -> Program:
        return Program(
            name=name,
            command=[sys.executable, *arguments],
            folder=self.folder,
            environment=self.environment,
            warm=True,
            ready=ready,
            grace=grace,
            orphaned=orphaned,
            handles=handles or (self.handle,),
        )

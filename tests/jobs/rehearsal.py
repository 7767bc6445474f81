"""The rehearsal server on a loopback port, with a clock that tests move by hand."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2

from jobs_app.rehearsal.app import create_app

from .rehearsal_server import serve

KEY = "rehearsal-key"


class Rehearsal:
    """A running server: `url` for a connection, `turn` for the clock, faults and counts by its own HTTP stations."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._begun = time.time()
        self.ahead = 0.0  # seconds that have passed at the provider

    def clock(self) -> float:
        """It stands still but for `turn`: a job is no further on a machine that takes longer over a test."""
        return self._begun + self.ahead

    def turn(self, seconds: float) -> None:
        """Let `seconds` pass at the provider."""
        self.ahead += seconds

    def fault(self, station: str, kind: str, *, times: int = 1, seconds: float = 0) -> None:
        self._ask("faults", {"station": station, "kind": kind, "times": times, "seconds": seconds})

    def counts(self) -> Any:
        return self._ask("counts")

    def _ask(self, path: str, sent: dict[str, Any] | None = None) -> Any:
        method = "GET" if sent is None else "POST"
        with httpx2.Client(trust_env=False, headers={"Authorization": f"Bearer {KEY}"}, timeout=60) as client:
            return client.request(method, f"{self.url}/_rehearsal/{path}", json=sent).raise_for_status().json()


@contextmanager
def rehearsal_server(folder: Path, *, seconds: float = 40.0, reached: list[str] | None = None) -> Iterator[Rehearsal]:
    """Serve until the block ends. A job takes `seconds` of the server's clock.

    Each request that arrives is written to `reached` as "METHOD /path" before it is answered.
    """
    running = Rehearsal("")
    app = create_app(folder=folder, clock=running.clock, seconds=seconds)

    def door(environ: Any, start_response: Any) -> Any:
        if reached is not None:
            reached.append(f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']}")
        return app(environ, start_response)

    with serve(door) as address:
        running.url = f"{address}/v1"
        yield running

"""The rehearsal server on a loopback port, with a clock that tests move by hand."""

from __future__ import annotations

import json
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from werkzeug.serving import WSGIRequestHandler, make_server

from jobs_app.rehearsal.app import create_app

KEY = "rehearsal-key"


class Quiet(WSGIRequestHandler):
    def log(self, type: str, message: str, *args: Any) -> None:
        """The test's own output says enough."""


class Rehearsal:
    """A running server: `url` for a connection, `turn` for the clock, faults and counts by its own HTTP stations."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.ahead = 0.0  # seconds that the server's clock is ahead of ours

    def clock(self) -> float:
        return time.time() + self.ahead

    def turn(self, seconds: float) -> None:
        """Let `seconds` pass at the provider."""
        self.ahead += seconds

    def fault(self, station: str, kind: str, *, times: int = 1, seconds: float = 0) -> None:
        self._ask("faults", {"station": station, "kind": kind, "times": times, "seconds": seconds})

    def counts(self) -> Any:
        return self._ask("counts")

    def _ask(self, path: str, sent: dict[str, Any] | None = None) -> Any:
        request = urllib.request.Request(
            f"{self.url}/_rehearsal/{path}",
            data=None if sent is None else json.dumps(sent).encode(),
            headers={"Authorization": f"Bearer {KEY}", "Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.load(answer)


@contextmanager
def rehearsal_server(folder: Path, *, seconds: float = 40.0) -> Iterator[Rehearsal]:
    """Serve until the block ends. A job takes `seconds` of the server's clock."""
    running = Rehearsal("")
    app = create_app(folder=folder, clock=running.clock, seconds=seconds)
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=Quiet)
    server.daemon_threads = True  # a request that a test holds open does not hold up the end
    running.url = f"http://127.0.0.1:{server.server_port}/v1"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield running
    finally:
        server.shutdown()
        thread.join()
        server.server_close()

"""The rehearsal server without a socket: the guarded client hands its requests to the application itself."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx2

from jobs_app.providers.http import GuardedTransport
from jobs_app.rehearsal.app import create_app

from .rehearsal import KEY
from .rehearsal_server import Clock

URL = "http://127.0.0.1:9/v1"


class Stage:
    """A rehearsal server in this process, its clock, and its doors for faults and counts."""

    def __init__(self, folder: Path, *, seconds: float = 40.0) -> None:
        self.clock = Clock()
        self.folder = folder
        self.app = create_app(folder=folder, clock=self.clock, seconds=seconds)
        self.transport = httpx2.WSGITransport(app=self.app)
        self._doors = httpx2.Client(transport=self.transport, headers={"Authorization": f"Bearer {KEY}"}, base_url=URL)

    def ask(self, method: str, path: str, *, key: str = KEY, **more: Any) -> httpx2.Response:
        """One request below the base URL, with a key (or without any), whatever the answer is."""
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        with httpx2.Client(transport=self.transport) as client:
            return client.request(method, URL + path, headers=headers, **more)

    def counts(self) -> dict[str, Any]:
        found: dict[str, Any] = self.ask("GET", "/_rehearsal/counts").json()
        return found

    def fault(self, station: str, kind: str, *, times: int = 1, seconds: float = 0, word: str = "") -> None:
        asked = {"station": station, "kind": kind, "times": times, "seconds": seconds, "word": word}
        self._doors.post("/_rehearsal/faults", json=asked).raise_for_status()

    def clear(self) -> None:
        self._doors.delete("/_rehearsal/faults").raise_for_status()

    def waiting(self) -> list[dict[str, Any]]:
        """The faults that have not been met yet."""
        found: list[dict[str, Any]] = self._doors.get("/_rehearsal/faults").raise_for_status().json()["faults"]
        return found

    def created(self, marker: str) -> int:
        """How many jobs were created for a marker, counted on the server's side."""
        counts = self._doors.get("/_rehearsal/counts").raise_for_status().json()
        return int(counts["jobs"].get(marker, 0))

    def reached_by(self, monkeypatch: Any, settings: Any) -> None:
        """Let every guarded client of this test end here. The guard itself checks what it always checks."""
        settings.REHEARSAL_URL = URL
        monkeypatch.setattr(GuardedTransport, "_pool", lambda guard, host: self.transport)

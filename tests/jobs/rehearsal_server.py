"""Real HTTP servers for tests: the rehearsal server with a clock that is turned by hand, and a replay of recordings."""

from __future__ import annotations

import json
import ssl
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
from werkzeug.serving import ThreadedWSGIServer, WSGIRequestHandler
from werkzeug.wrappers import Request, Response

from jobs_app.providers import open_provider
from jobs_app.providers.base import Provider
from jobs_app.rehearsal.app import create_app

KEY = "rehearsal-tests"


class Clock:
    """Time that moves only when it is told to."""

    def __init__(self) -> None:
        self.now = 1_790_000_000.0

    def __call__(self) -> float:
        return self.now

    def pass_by(self, seconds: float) -> None:
        self.now += seconds


class _Quiet(WSGIRequestHandler):
    def log(self, *args: Any) -> None:
        """Say nothing: a test's output is its result."""


@contextmanager
def serve(app: Any, *, tls: ssl.SSLContext | None = None) -> Iterator[str]:
    """The application on a free port of this machine; yields its address."""
    server = ThreadedWSGIServer("127.0.0.1", 0, app, handler=_Quiet, ssl_context=tls)
    server.daemon_threads = True  # a request that a test holds open does not hold up the end
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@dataclass
class Rehearsal:
    """A running rehearsal server, its clock, and the provider that speaks to it."""

    url: str
    clock: Clock
    provider: Provider
    folder: Path

    def fault(self, station: str, kind: str, *, times: int = 1, seconds: float = 0, word: str = "") -> None:
        asked = {"station": station, "kind": kind, "times": times, "seconds": seconds, "word": word}
        self.ask("POST", "/_rehearsal/faults", json=asked).raise_for_status()

    def counts(self) -> dict[str, Any]:
        return self.ask("GET", "/_rehearsal/counts").json()

    def ask(self, method: str, path: str, *, key: str = KEY, **more: Any) -> httpx2.Response:
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        with httpx2.Client(trust_env=False) as client:
            return client.request(method, self.url + path, headers=headers, **more)


@contextmanager
def rehearse(folder: Path, *, seconds: float = 100.0, timeout: float = 60.0) -> Iterator[Rehearsal]:
    """A rehearsal server whose jobs take 100 seconds of its own clock."""
    clock = Clock()
    with serve(create_app(folder=folder / "rehearsal", clock=clock, seconds=seconds)) as address:
        url = f"{address}/v1"
        opened = open_provider("rehearsal", base_url=url, credential=KEY, rehearsal_url=url, timeout=timeout)
        with closing(opened) as provider:
            yield Rehearsal(url, clock, provider, folder)


def training_file(folder: Path, rows: int = 40, name: str = "train.jsonl") -> Path:
    """A file of small weather questions, each with its own answer."""
    path = folder / name
    lines = (
        json.dumps(
            {
                "messages": [
                    {"role": "user", "content": f"第{n}天会下雨吗？"},
                    {"role": "assistant", "content": f"第{n}天{'会' if n % 2 else '不会'}下雨。"},
                ]
            },
            ensure_ascii=False,
        )
        for n in range(rows)
    )
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def replay(answers: dict[str, dict[str, Any]]) -> Any:
    """An application that answers "METHOD /path" with what was recorded for it, and 404 with anything else."""

    @Request.application
    def app(request: Request) -> Response:
        request.get_data()
        found = answers.get(f"{request.method} {request.path}")
        if found is None:
            return Response('{"error": {"message": "Not found", "type": null, "param": null, "code": null}}', 404)
        body = found["text"] if "text" in found else json.dumps(found["body"])
        kind = found.get("type", "application/json")
        return Response(body, found.get("status", 200), headers=found.get("headers"), content_type=kind)

    return app

"""The rehearsal server's WSGI application: every dialect below its own prefix. `/v1` is an OpenAI base URL.

Whoever shows a key that begins with `rehearsal-` may enter; each key sees its own files and jobs only. Every answer
carries the header `x-ftstudio-rehearsal`, so that nobody can mistake it for a provider's.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable
from functools import lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING

from werkzeug.exceptions import HTTPException, MethodNotAllowed, NotFound, RequestEntityTooLarge
from werkzeug.routing import Map, Rule
from werkzeug.wrappers import Request, Response

from jobs_app.rehearsal import controls, faults, webhooks
from jobs_app.rehearsal.dialects import DIALECTS
from jobs_app.rehearsal.dialects.base import KEY_PREFIX, Dialect, Stage
from jobs_app.rehearsal.engine import Engine
from jobs_app.rehearsal.scripted import ScriptedEngine
from jobs_app.rehearsal.store import Store
from jobs_app.rehearsal.wire import Call, Refused

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

__all__ = ["KEY_PREFIX", "RehearsalApp", "create_app"]

SECONDS = 40.0
HEADER = "x-ftstudio-rehearsal"
MAX_FILE_BYTES = 512 * 1024**2
_CONTROLS = "_rehearsal"


def create_app(
    *,
    folder: Path,
    clock: Callable[[], float] = time.time,
    speed: float = 1.0,
    seconds: float = SECONDS,
    engine: Engine | None = None,
    send: webhooks.Send | None = None,
    own: Collection[str] = (),
    wall: Callable[[], float] = time.time,
) -> RehearsalApp:
    """The application over a folder of its own. A job takes `seconds / speed`; `clock` gives Unix seconds.

    `own` are origins beside this machine that webhooks may be sent to; `send` sends them in a test. `wall` is what
    signatures are dated by: theirs, and those of requests that a dialect wants signed.
    """
    stage = Stage(Store(Path(folder)), engine or ScriptedEngine(), seconds / speed, wall)
    return RehearsalApp(stage, clock=clock, send=send, own=own)


class RehearsalApp:
    """Routes, keys, faults; the stations themselves are in `dialects` and `controls`."""

    def __init__(
        self, stage: Stage, *, clock: Callable[[], float], send: webhooks.Send | None, own: Collection[str]
    ) -> None:
        self.store = stage.store
        self.clock = clock
        self.dialects: dict[str, Dialect] = {name: kind(stage) for name, kind in DIALECTS.items()}
        self.controls = controls.Controls(self.dialects["openai"], send=send, own=own)

    def close(self) -> None:
        self.store.close()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        request = Request(environ)
        request.max_content_length = MAX_FILE_BYTES
        request.max_form_memory_size = 1024 * 1024
        refuse = partial(self._dialect_at(request.path).failure, request)
        try:
            response = self._answer(request)
        except Refused as refusal:
            response = refuse(refusal)
            response.headers.update(refusal.headers)
        except RequestEntityTooLarge:
            response = refuse(Refused("too-large"))
        except (NotFound, MethodNotAllowed):
            response = refuse(Refused("missing", f"Invalid URL ({request.method} {request.path})"))
        except HTTPException as error:
            response = refuse(Refused("request", error.description or "Bad request"))
        finally:
            request.close()  # an uploaded file lies in a temporary file until then
        response.headers[HEADER] = "no model is trained"
        response.headers["Cache-Control"] = "no-store"
        response.headers["X-Content-Type-Options"] = "nosniff"
        return response(environ, start_response)

    def _answer(self, request: Request) -> Response:
        (name, station), names = _routes().bind_to_environ(request.environ).match()
        if name == _CONTROLS:
            owner = self.dialects["openai"].owner(request)
            return self.controls.answer(station, Call(request, owner, self._now(owner), names))
        dialect = self.dialects[name]
        names = dict(names)
        station = dialect.station(request, station, names)
        owner = dialect.owner(request)
        fault = faults.understood(self.store.take_fault(owner, station))
        if (instead := faults.before(fault)) is not None:
            return instead
        now = self._now(owner)
        response = dialect.answer(station, Call(request, owner, now, names, fault))
        self.controls.tell(owner, now)
        return faults.after(fault, request, response, dialect.kept) if fault else response

    def _now(self, owner: str) -> float:
        return self.clock() + self.store.owner(owner)[0]

    def _dialect_at(self, path: str) -> Dialect:
        """Whose address a request was sent to, however it ends; OpenAI's where it is nobody's."""
        for dialect in self.dialects.values():
            if path.startswith(f"{dialect.prefix}/") or path == dialect.prefix:
                return dialect
        return self.dialects["openai"]


@lru_cache(maxsize=1)
def _routes() -> Map:
    """Every address of the server, with the dialect that it belongs to and the station that answers."""
    stations = [
        Rule(dialect.prefix + path, methods=[method], endpoint=(dialect.name, station))
        for dialect in DIALECTS.values()
        for method, path, station in dialect.routes
    ]
    own = [Rule(path, methods=[method], endpoint=(_CONTROLS, name)) for method, path, name in controls.ROUTES]
    return Map(stations + own, merge_slashes=False)

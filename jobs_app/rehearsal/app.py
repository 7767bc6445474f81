"""The rehearsal server's WSGI application. `/v1` below its mount point is an OpenAI base URL.

Whoever sends `Authorization: Bearer rehearsal-…` may enter; each key sees its own files and jobs only. Every
answer carries the header `x-ftstudio-rehearsal`, so that nobody can mistake it for a provider's.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from werkzeug.exceptions import HTTPException, MethodNotAllowed, NotFound, RequestEntityTooLarge
from werkzeug.routing import Map, Rule
from werkzeug.wrappers import Request, Response

from jobs_app.rehearsal import chat, faults
from jobs_app.rehearsal.dialect import MAX_FILE_BYTES, Dialect
from jobs_app.rehearsal.engine import Engine
from jobs_app.rehearsal.scripted import ScriptedEngine
from jobs_app.rehearsal.store import Store
from jobs_app.rehearsal.wire import Refused, body, failure, reply

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

SECONDS = 40.0
HEADER = "x-ftstudio-rehearsal"
KEY_PREFIX = "rehearsal-"

_ROUTES = (
    ("GET", "/v1/models", "models.list"),
    ("GET", "/v1/models/<path:model>", "models.get"),
    ("POST", "/v1/chat/completions", "chat"),
    ("POST", "/v1/files", "files.create"),
    ("GET", "/v1/files", "files.list"),
    ("GET", "/v1/files/<file_id>", "files.get"),
    ("DELETE", "/v1/files/<file_id>", "files.delete"),
    ("GET", "/v1/files/<file_id>/content", "files.content"),
    ("POST", "/v1/fine_tuning/jobs", "jobs.create"),
    ("GET", "/v1/fine_tuning/jobs", "jobs.list"),
    ("GET", "/v1/fine_tuning/jobs/<job_id>", "jobs.get"),
    ("POST", "/v1/fine_tuning/jobs/<job_id>/cancel", "jobs.cancel"),
    ("POST", "/v1/fine_tuning/jobs/<job_id>/pause", "jobs.pause"),
    ("POST", "/v1/fine_tuning/jobs/<job_id>/resume", "jobs.resume"),
    ("GET", "/v1/fine_tuning/jobs/<job_id>/events", "jobs.events"),
    ("GET", "/v1/fine_tuning/jobs/<job_id>/checkpoints", "jobs.checkpoints"),
    ("GET", "/v1/_rehearsal/faults", "faults.list"),
    ("POST", "/v1/_rehearsal/faults", "faults.create"),
    ("DELETE", "/v1/_rehearsal/faults", "faults.clear"),
    ("GET", "/v1/_rehearsal/counts", "counts"),
)
_MAP = Map([Rule(path, methods=[method], endpoint=station) for method, path, station in _ROUTES])


def create_app(
    *,
    folder: Path,
    clock: Callable[[], float] = time.time,
    speed: float = 1.0,
    seconds: float = SECONDS,
    engine: Engine | None = None,
) -> RehearsalApp:
    """The application over a folder of its own. A job takes `seconds / speed`; `clock` gives Unix seconds."""
    return RehearsalApp(Store(Path(folder)), engine or ScriptedEngine(), clock=clock, seconds=seconds / speed)


class RehearsalApp:
    """Routes, keys, faults; the stations themselves are in `dialect` and `chat`."""

    def __init__(self, store: Store, engine: Engine, *, clock: Callable[[], float], seconds: float) -> None:
        self.store = store
        self.clock = clock
        dialect = Dialect(store, engine, seconds=seconds)
        self.dialect = dialect
        self._stations: dict[str, Callable[..., Response]] = {
            "files.create": dialect.create_file,
            "files.list": dialect.list_files,
            "files.get": dialect.get_file,
            "files.delete": dialect.delete_file,
            "files.content": dialect.file_content,
            "jobs.list": dialect.list_jobs,
            "jobs.get": dialect.get_job,
            "jobs.cancel": dialect.cancel_job,
            "jobs.pause": dialect.pause_job,
            "jobs.resume": dialect.resume_job,
            "jobs.events": dialect.list_events,
            "jobs.checkpoints": dialect.list_checkpoints,
            "models.list": lambda *args: chat.list_models(dialect, *args),
            "models.get": lambda *args, **names: chat.get_model(dialect, *args, **names),
            "chat": lambda *args: chat.complete(dialect, *args),
        }
        self._controls: dict[str, Callable[[Request, str], Response]] = {
            "faults.list": lambda _, owner: reply({"faults": store.faults(owner), "kinds": faults.KINDS}),
            "faults.create": self._add_fault,
            "faults.clear": self._clear_faults,
            "counts": lambda _, owner: reply(dialect.counts(owner)),
        }

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        request = Request(environ)
        request.max_content_length = MAX_FILE_BYTES
        request.max_form_memory_size = 1024 * 1024
        try:
            response = self._answer(request)
        except Refused as refusal:
            response = refusal.response()
        except RequestEntityTooLarge:
            response = failure(413, "The file is larger than 512 MB.")
        except (NotFound, MethodNotAllowed):
            response = failure(404, f"Invalid URL ({request.method} {request.path})")
        except HTTPException as error:
            response = failure(error.code or 400, error.description or "Bad request")
        finally:
            request.close()  # an uploaded file lies in a temporary file until then
        response.headers[HEADER] = "no model is trained"
        response.headers["Cache-Control"] = "no-store"
        response.headers["X-Content-Type-Options"] = "nosniff"
        return response(environ, start_response)

    def _answer(self, request: Request) -> Response:
        station, names = _MAP.bind_to_environ(request.environ).match()
        owner = _owner(request)
        if station in self._controls:
            return self._controls[station](request, owner)
        fault = self.store.take_fault(owner, station)
        if fault is not None and (instead := faults.before(fault)) is not None:
            return instead
        now = self.clock()
        if station == "jobs.create":
            quirks = [fault["kind"]] if fault is not None and fault["kind"] in faults.QUIRKS else []
            response = self.dialect.create_job(request, owner, now, quirks=quirks)
        else:
            response = self._stations[station](request, owner, now, **names)
        return response if fault is None else faults.after(fault, request, response)

    def _add_fault(self, request: Request, owner: str) -> Response:
        sent: dict[str, Any] = body(request)
        station, kind = sent.get("station", "*"), sent.get("kind")
        if station not in faults.STATIONS:
            raise Refused(400, f"no station {station!r}; there are: {', '.join(faults.STATIONS)}", param="station")
        if kind not in faults.KINDS:
            raise Refused(400, f"no fault {kind!r}; there are: {', '.join(faults.KINDS)}", param="kind")
        times, seconds = sent.get("times", 1), sent.get("seconds", 0)
        if not isinstance(times, int) or not isinstance(seconds, (int, float)) or times < 1 or seconds < 0:
            raise Refused(400, "times is at least 1, seconds at least 0", param="times")
        self.store.add_fault(owner=owner, station=station, kind=kind, times=times, seconds=seconds)
        return reply({"faults": self.store.faults(owner)}, 201)

    def _clear_faults(self, request: Request, owner: str) -> Response:
        self.store.clear_faults(owner)
        return reply({"faults": []})


def _owner(request: Request) -> str:
    scheme, _, key = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not key.strip():
        raise Refused(401, "You didn't provide an API key.")
    if not key.startswith(KEY_PREFIX):
        raise Refused(
            401, "Incorrect API key provided. A rehearsal key begins with rehearsal-.", code="invalid_api_key"
        )
    return hashlib.sha256(key.strip().encode()).hexdigest()[:32]

"""What can go wrong on demand. A fault waits at a station, for a number of turns, and is then used up.

`POST /v1/_rehearsal/faults {"station": "jobs.create", "kind": "lost", "times": 1, "seconds": 0, "word": ""}`

Stations have the same names in every dialect; what a refusal looks like is the dialect's affair.
"""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from typing import Any

from werkzeug.wrappers import Request, Response

from jobs_app.rehearsal.wire import Refused, reply

STATIONS = (
    "*",
    "files.create", "files.list", "files.get", "files.delete", "files.content",
    "jobs.create", "jobs.list", "jobs.get", "jobs.cancel", "jobs.pause", "jobs.resume", "jobs.delete",
    "jobs.events", "jobs.checkpoints", "jobs.metrics", "estimate",
    "deployments.create", "deployments.list", "deployments.get", "deployments.delete",
    "models.list", "models.get", "chat",
)  # fmt: skip

# Before the station, nothing is executed: the kind of the fault → the reason that its dialect puts into words.
REFUSALS: Mapping[str, str] = {
    "refused": "request",
    "unprocessable": "unprocessable",
    "auth": "auth",
    "closed": "closed",
    "missing": "missing",
    "conflict": "conflict",
    "rate": "rate",
    "rate-after": "rate",
    "daily": "daily",
    "quota": "quota",
    "error": "error",
    "bad-gateway": "gateway",
    "overloaded": "overloaded",
}
# Before the station as well: what a proxy in front of the provider answers.
PAGES: Mapping[str, int] = {"html": 503, "html-500": 500, "html-502": 502}
# Oddities that belong to a job for its whole life; given at the station jobs.create.
QUIRKS: Mapping[str, str] = {
    "hangs": "stays in running for ever",
    "fails": "fails half-way through the training",
    "pauses": "pauses by itself half-way through the training",
    "no-model": "succeeds without naming a model",
    "empty-error": "carries error: {} while it is healthy",
    "base64-results": "serves its result file base64-encoded",
    "other-headers": "names the columns of its result file differently",
    "empty-cells": "leaves cells of its result file empty",
    "unlisted": "is missing from the list for `seconds`",
    "ends": "calls its end by another `word` of its provider",
}
# Oddities of a file, given at files.create; and of a deployment, given at deployments.create.
FILE_QUIRKS: Mapping[str, str] = {
    "never-processed": "is never ready for use",
    "failed-upload": "arrives and is refused, in an answer that looks like success where the dialect has such",
}
DEPLOYMENT_QUIRKS: Mapping[str, str] = {
    "never-ready": "is never ready",
    "deployment-fails": "ends as failed",
    "late": "is missing from the list, and by its name, for `seconds`",
}
# In the station: how it works or what its answer says.
INSIDE: Mapping[str, str] = {
    "status": "the job's state is called `word`",
    "raced": "cancel: the job has just succeeded, and the cancel is refused",
    "already-final": "cancel: the job has just succeeded, and the answer says so",
    "malformed-json": "chat: the answer is JSON that is cut off",
    "refusal": "chat: the model refuses",
    "length": "chat: the answer ends in the middle, finish_reason length",
    "content-filter": "chat: no content, finish_reason content_filter",
    "no-choices": "chat: choices is empty",
    "empty": "chat: the content is an empty text",
}
# After the station has done its work.
AFTER: Mapping[str, str] = {
    "lost": "the work is done and the connection breaks",
    "truncated": "the JSON is cut in the middle",
    "not-json": "a page with status 200",
    "null-lists": "every list is null",
    "missing-keys": "only the keys that everybody needs",
    "extra-keys": "keys that nobody knows, everywhere",
    "drip": "the body takes `seconds` to arrive",
}
KINDS = (
    *REFUSALS, *PAGES, "slow", *INSIDE, *AFTER, *QUIRKS, *FILE_QUIRKS, *DEPLOYMENT_QUIRKS, "unknown-status",
)  # fmt: skip
UNKNOWN_STATUS = "reticulating"
_LONGEST = 60.0  # seconds that a fault may hold an answer back


def understood(fault: dict[str, Any] | None) -> dict[str, Any]:
    """The fault as stations know it: a status that nobody knows is a word like any other."""
    if fault is None:
        return {}
    return fault | {"kind": "status", "word": UNKNOWN_STATUS} if fault["kind"] == "unknown-status" else fault


def quirks(fault: Mapping[str, Any], among: Mapping[str, str]) -> dict[str, Any]:
    """The oddity that a job, file or deployment is to have from now on."""
    kind = fault.get("kind", "")
    if kind not in among:
        return {}
    return {kind: fault["word"] or fault["seconds"] or True}


def before(fault: Mapping[str, Any]) -> Response | None:
    """The answer that this fault gives instead of the station, or None where the station is to work.

    Raises Refused where the station's dialect has to find the words.
    """
    kind = str(fault.get("kind", ""))
    if kind == "slow":
        time.sleep(min(float(fault["seconds"]), _LONGEST))
    if kind in PAGES:
        return page(PAGES[kind])
    if kind in REFUSALS:
        headers = {"Retry-After": str(int(fault["seconds"]))} if kind == "rate-after" else {}
        raise Refused(REFUSALS[kind], headers=headers)
    return None


def after(fault: Mapping[str, Any], request: Request, response: Response, kept: frozenset[str]) -> Response:
    """What becomes of the station's answer: the work is done, and the client may not learn of it.

    `kept` are the keys that stay where the answer loses all that a client could do without.
    """
    kind = fault.get("kind", "")
    if kind == "lost":
        _hang_up(request)
        return page(503)
    if kind == "not-json":
        return Response("<html><body>Welcome</body></html>", 200, content_type="text/html")
    if kind == "truncated":
        content = response.get_data()
        return Response(content[: len(content) // 2], response.status_code, content_type=response.content_type)
    if kind == "drip":
        return Response(_drops(response.get_data(), float(fault["seconds"])), content_type=response.content_type)
    change = _CHANGES.get(str(kind))
    if change is None or not response.is_json:
        return response
    return reply(change(json.loads(response.get_data()), kept), response.status_code)


def page(status: int) -> Response:
    """What a proxy in front of the provider answers."""
    says = {500: "Internal Server Error", 502: "Bad Gateway"}.get(status, "Service Temporarily Unavailable")
    text = f"<html><head><title>{status}</title></head><body><h1>{says}</h1></body></html>"
    return Response(text, status, content_type="text/html")


def _without_lists(data: Any, kept: frozenset[str]) -> Any:
    if isinstance(data, dict):
        return {key: None if isinstance(value, list) else _without_lists(value, kept) for key, value in data.items()}
    return data


def _thinned(data: Any, kept: frozenset[str]) -> Any:
    if isinstance(data, dict):
        return {key: _thinned(value, kept) for key, value in data.items() if key in kept}
    return [_thinned(item, kept) for item in data] if isinstance(data, list) else data


def _grown(data: Any, kept: frozenset[str]) -> Any:
    if isinstance(data, dict):
        grown = {key: _grown(value, kept) for key, value in data.items()}
        return grown | {"x_new_in_2027": {"nested": [1, None, "…"]}}
    return [_grown(item, kept) for item in data] if isinstance(data, list) else data


_CHANGES: Mapping[str, Callable[[Any, frozenset[str]], Any]] = {
    "null-lists": _without_lists,
    "missing-keys": _thinned,
    "extra-keys": _grown,
}


def _drops(content: bytes, seconds: float) -> Iterator[bytes]:
    size = max(1, len(content) // 10)
    for start in range(0, len(content), size):
        time.sleep(min(seconds, _LONGEST) / 10)
        yield content[start : start + size]


def _hang_up(request: Request) -> None:
    """Close the connection under the answer, where the server lets us; elsewhere the 503 stands for it."""
    for key in ("werkzeug.socket", "gunicorn.socket"):
        connection = request.environ.get(key)
        if connection is not None:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

"""What can go wrong on demand, as a table. A fault waits at a station, for a number of turns, and is then used up.

`POST /v1/_rehearsal/faults {"station": "jobs.create", "kind": "lost", "times": 1, "seconds": 0}`
"""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from werkzeug.wrappers import Request, Response

from jobs_app.rehearsal.wire import failure, reply

STATIONS = (
    "*",
    "files.create",
    "files.list",
    "files.get",
    "files.delete",
    "files.content",
    "jobs.create",
    "jobs.list",
    "jobs.get",
    "jobs.cancel",
    "jobs.pause",
    "jobs.resume",
    "jobs.events",
    "jobs.checkpoints",
    "models.list",
    "models.get",
    "chat",
)
# Oddities that belong to a job for its whole life; given at the station jobs.create.
QUIRKS = {
    "hangs": "stays in running for ever",
    "no-model": "succeeds without naming a model",
    "empty-error": "carries error: {} while it is healthy",
    "base64-results": "serves its result file base64-encoded",
    "other-headers": "names the columns of its result file differently",
}


@dataclass(frozen=True, slots=True)
class Refusal:
    """A fault that answers instead of the station: nothing is executed."""

    status: int
    message: str
    code: str | None = None
    kind: str = "invalid_request_error"
    headers: Mapping[str, str] = field(default_factory=dict)

    def response(self, seconds: float) -> Response:
        answer = failure(self.status, self.message, code=self.code, kind=self.kind)
        for name, value in self.headers.items():
            answer.headers[name] = value.format(seconds=int(seconds))
        return answer


_DAILY = (
    "This fine-tune request has been rate-limited. Your organization has reached the maximum of 8 fine-tuning requests "
    "per day for the model 'rehearsal-small'."
)
REFUSALS: Mapping[str, Refusal] = {
    "refused": Refusal(400, "The request was refused before it was executed.", code="invalid_value"),
    "unprocessable": Refusal(422, "The request is understood and cannot be followed."),
    "auth": Refusal(401, "Incorrect API key provided.", code="invalid_api_key"),
    "closed": Refusal(403, "Fine-tuning is no longer available to your organization.", code="fine_tuning_closed"),
    "missing": Refusal(404, "Could not find fine tune: gone"),
    "conflict": Refusal(409, "The job has changed its state in the meantime.", code="conflict"),
    "rate": Refusal(429, "Rate limit reached.", code="rate_limit_exceeded", kind="requests"),
    "rate-after": Refusal(429, "Rate limit reached.", "rate_limit_exceeded", "requests", {"Retry-After": "{seconds}"}),
    "daily": Refusal(429, _DAILY, code="daily_rate_limit_exceeded"),
    "quota": Refusal(429, "You exceeded your current quota.", code="insufficient_quota", kind="insufficient_quota"),
    "error": Refusal(500, "The server had an error while processing your request.", kind="server_error"),
    "overloaded": Refusal(503, "The engine is currently overloaded.", kind="server_error"),
}


def html(_seconds: float) -> Response:
    """What a proxy in front of the provider answers."""
    page = "<html><head><title>503</title></head><body><h1>Service Temporarily Unavailable</h1></body></html>"
    return Response(page, 503, content_type="text/html")


# Before the station: an answer instead of it.
BEFORE: Mapping[str, Callable[[float], Response]] = {
    **{name: refusal.response for name, refusal in REFUSALS.items()},
    "html": html,
}
# After the station has done its work.
AFTER = ("lost", "truncated", "not-json", "unknown-status")
KINDS = (*BEFORE, *AFTER, "slow", *QUIRKS)


def before(fault: Mapping[str, Any]) -> Response | None:
    """The answer that this fault gives instead of the station, or None where the station is to work."""
    if fault["kind"] == "slow":
        time.sleep(min(float(fault["seconds"]), 60.0))
        return None
    make = BEFORE.get(str(fault["kind"]))
    return make(float(fault["seconds"])) if make else None


def after(fault: Mapping[str, Any], request: Request, response: Response) -> Response:
    """What becomes of the station's answer: the work is done, and the client may not learn of it."""
    kind = fault["kind"]
    if kind == "lost":
        _hang_up(request)
        return html(0)
    if kind == "not-json":
        return Response("<html><body>Welcome</body></html>", 200, content_type="text/html")
    if kind == "truncated":
        body = response.get_data()
        return Response(body[: len(body) // 2], response.status_code, content_type="application/json")
    if kind == "unknown-status":
        data: Any = response.get_json()
        data["status"] = "reticulating"
        return reply(data, response.status_code)
    return response


def _hang_up(request: Request) -> None:
    """Close the connection under the answer, where the server lets us; elsewhere the 503 stands for it."""
    for key in ("werkzeug.socket", "gunicorn.socket"):
        connection = request.environ.get(key)
        if connection is not None:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

"""What the stations of every dialect share: a request with its owner and time, a refusal, a JSON answer, a page."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from typing import Any, TypeVar

import orjson
from werkzeug.wrappers import Request, Response

T = TypeVar("T")
# Why a station may refuse. Every dialect has its own status, code and sentence for each.
REASONS = (
    "request", "unprocessable", "too-large", "auth", "closed", "missing", "state", "conflict", "rate", "daily", "quota",
    "error", "gateway", "overloaded",
)  # fmt: skip


class Refused(Exception):
    """Raised by a station to answer with its dialect's error. `code` None and `message` "": the dialect's own."""

    def __init__(
        self,
        reason: str,
        message: str = "",
        *,
        code: str | None = None,
        param: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message or reason)
        self.reason, self.message, self.code, self.param = reason, message, code, param
        self.headers = headers or {}


@dataclass(frozen=True, slots=True)
class Words:
    """How a dialect says why: HTTP status, error code, sentence, and what else its error body holds."""

    status: int
    code: str | None
    message: str
    kind: str = ""


@dataclass(frozen=True)
class Call:
    """One request at a station. `now` is the owner's time, `names` are the variable parts of the path.

    `fault` is what goes wrong this time, if anything: kind, seconds, word (see faults).
    """

    request: Request
    owner: str
    now: float
    names: Mapping[str, str]
    fault: Mapping[str, Any] = field(default_factory=dict)

    @cached_property
    def sent(self) -> dict[str, Any]:
        return body(self.request)

    @property
    def trouble(self) -> str:
        return str(self.fault.get("kind", ""))

    @property
    def word(self) -> str:
        """The word for a job's state that this answer is to hold instead of the true one."""
        return str(self.fault["word"]) if self.trouble == "status" else ""


def body(request: Request) -> dict[str, Any]:
    try:
        data = orjson.loads(request.get_data())
    except orjson.JSONDecodeError:
        data = None
    if not isinstance(data, dict):
        raise Refused("request", "We could not parse the JSON body of your request.")
    return data


def reply(data: object, status: int = 200) -> Response:
    return Response(orjson.dumps(data), status, content_type="application/json")


def number(call: Call, name: str, default: int, *, low: int, high: int) -> int:
    """A number of the query, kept within its limits."""
    try:
        return max(low, min(int(call.request.args.get(name, default)), high))
    except ValueError:
        raise Refused("request", f"{name} must be a whole number", param=name) from None


def cursor_page(
    call: Call, items: Sequence[T], show: Callable[[T], dict[str, Any]], name: Callable[[T], str], *, limit: int = 20
) -> Response:
    """A page of the OpenAI wire: `limit` items behind the one called `after`. Only these are rendered."""
    size = number(call, "limit", limit, low=1, high=100)
    start = 0
    if after := call.request.args.get("after"):
        start = next((n + 1 for n, item in enumerate(items) if name(item) == after), len(items))
    page = [show(item) for item in items[start : start + size]]
    return reply(
        {
            "object": "list",
            "data": page,
            "first_id": page[0]["id"] if page else None,
            "last_id": page[-1]["id"] if page else None,
            "has_more": start + size < len(items),
        }
    )


def whole(moment: float | None) -> int | None:
    return None if moment is None else int(moment)


def iso(moment: float | None) -> str | None:
    """Unix seconds as other providers write a time: 2026-11-21T18:00:00.000000Z."""
    if moment is None or not math.isfinite(moment):
        return None
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")

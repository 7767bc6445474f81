"""The shapes that every answer of the OpenAI wire shares: a JSON body, a list, an error."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import orjson
from werkzeug.wrappers import Request, Response


class Refused(Exception):
    """Raised by a station to answer with an error body."""

    def __init__(self, status: int, message: str, *, code: str | None = None, param: str | None = None) -> None:
        super().__init__(message)
        self.status, self.message, self.code, self.param = status, message, code, param

    def response(self) -> Response:
        return failure(self.status, self.message, code=self.code, param=self.param)


def reply(data: object, status: int = 200) -> Response:
    return Response(orjson.dumps(data), status, content_type="application/json")


def failure(
    status: int,
    message: str,
    *,
    code: str | None = None,
    param: str | None = None,
    kind: str = "invalid_request_error",
) -> Response:
    return reply({"error": {"message": message, "type": kind, "param": param, "code": code}}, status)


def listing(request: Request, items: Sequence[dict[str, Any]], *, limit: int = 20) -> Response:
    """A page of a list: `limit` items behind the one whose id is `after`. Ids stay, so the cursor is stable."""
    try:
        size = max(1, min(int(request.args.get("limit", limit)), 100))
    except ValueError:
        raise Refused(400, "limit must be a whole number", param="limit") from None
    start = 0
    if after := request.args.get("after"):
        start = next((n + 1 for n, item in enumerate(items) if item["id"] == after), len(items))
    page = items[start : start + size]
    return reply(
        {
            "object": "list",
            "data": page,
            "first_id": page[0]["id"] if page else None,
            "last_id": page[-1]["id"] if page else None,
            "has_more": start + size < len(items),
        }
    )


def body(request: Request) -> dict[str, Any]:
    try:
        data = orjson.loads(request.get_data())
    except orjson.JSONDecodeError:
        data = None
    if not isinstance(data, dict):
        raise Refused(400, "We could not parse the JSON body of your request.")
    return data

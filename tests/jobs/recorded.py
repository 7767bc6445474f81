"""Recorded answers without a socket: a provider of any kind, and what it sent.

A recording's answers are named "METHOD /path", or "METHOD /path?Action=Name" where one path serves all actions; a name
may begin with the host where several are spoken to ("METHOD host/path").
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

import httpx2

from jobs_app.providers import PROVIDERS
from jobs_app.providers.base import Provider


@dataclass
class Exchange:
    """A provider whose every request is answered from a table; `sent` holds the requests in their order."""

    answers: Mapping[str, Any]
    sent: list[httpx2.Request] = field(default_factory=list)

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        request.read()
        self.sent.append(request)
        action = request.url.params.get("Action")
        path = f"{request.url.path}?Action={action}" if action else request.url.path
        found = self.answers.get(
            f"{request.method} {request.url.host}{path}", self.answers.get(f"{request.method} {path}")
        )
        if found is None:  # "*" stands for what a provider makes up
            names = (name for name in self.answers if "*" in name and fnmatchcase(f"{request.method} {path}", name))
            found = self.answers.get(next(names, ""))
        if isinstance(found, type):  # a fault on the way
            raise found("on the way", request=request)
        if isinstance(found, list):  # one after another, the last one for good
            found = found.pop(0) if len(found) > 1 else found[0]
        if found is None:
            return httpx2.Response(404, json={"error": {"message": "Not found", "code": None}}, request=request)
        body = found["text"] if "text" in found else json.dumps(found.get("body", {}))
        headers = {"Content-Type": found.get("type", "application/json"), **(found.get("headers") or {})}
        content = body if isinstance(body, bytes) else body.encode()
        return httpx2.Response(found.get("status", 200), content=content, headers=headers, request=request)

    def bodies(self) -> list[Any]:
        """What was sent, as JSON."""
        return [json.loads(request.content) for request in self.sent if request.content]

    def opened(self, kind: str, *, base_url: str = "", credential: str = "secret-of-tests", **options: str) -> Provider:
        http = httpx2.Client(transport=httpx2.MockTransport(self), trust_env=False)
        cls = PROVIDERS[kind]
        return cls(base_url=base_url or cls.default_base_url, credential=credential, http=http, options=options)

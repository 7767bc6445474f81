"""Telling a form that is sent twice from a second wish: what a page sends along as a service's `client_id`."""

from __future__ import annotations

from hashlib import sha256
from uuid import uuid4

from django.http import QueryDict


def token_of(data: QueryDict) -> str:
    """The token of the page that was sent, or a new one for a page that is shown first."""
    return data.get("request") or uuid4().hex


def request_id(data: QueryDict) -> str | None:
    """The same for the same page sent twice in the same words: with others it is another request."""
    if not data.get("request"):
        return None
    words = sorted((name, data.getlist(name)) for name in data if name != "csrfmiddlewaretoken")
    return sha256(repr(words).encode()).hexdigest()[:40]

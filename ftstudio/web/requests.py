"""What a view's request has become when it arrives."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from ftstudio.accounts.models import User


class HtmxRequest(HttpRequest):
    """After the HTMX middleware: `htmx` is true for what HTMX sent, and knows the target."""

    htmx: Any


class PersonRequest(HtmxRequest):
    """Behind `login_required`: somebody is signed in."""

    user: User

"""The request that our views get: somebody is signed in, and the HTMX middleware has looked at it."""

from __future__ import annotations

from ftstudio.accounts.models import User
from ftstudio.web.render import HtmxRequest


class PersonRequest(HtmxRequest):
    """A request behind `login_required`."""

    user: User

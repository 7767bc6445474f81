"""What the frame around every page needs."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest


def chrome(request: HttpRequest) -> dict[str, Any]:
    """`theme` for <html data-theme>, and whether the rehearsal server is offered."""
    user = getattr(request, "user", None)
    return {"theme": getattr(user, "theme", ""), "rehearsal": settings.REHEARSAL}

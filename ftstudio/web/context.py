"""What the frame around every page needs. Everything here is lazy: a part that shows no frame asks for nothing."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from .current import current_project, my_projects


def _theme(request: HttpRequest) -> str:
    return getattr(getattr(request, "user", None), "theme", "")


def chrome(request: HttpRequest) -> dict[str, Any]:
    """`theme` for <html data-theme>, the person's projects and the current one, and whether rehearsal is offered."""
    return {
        "theme": SimpleLazyObject(partial(_theme, request)),
        "my_projects": SimpleLazyObject(partial(my_projects, request)),
        "current_project": SimpleLazyObject(partial(current_project, request)),
        "rehearsal": settings.REHEARSAL,
    }

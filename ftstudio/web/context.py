"""What the frame around every page needs. Everything here is lazy: a part that shows no frame asks for nothing."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from ftstudio.accounts import preferences

from .current import current_project, my_projects


def _theme(request: HttpRequest) -> str:
    return getattr(getattr(request, "user", None), "theme", "")


def _text_size(request: HttpRequest) -> str:
    user = getattr(request, "user", None)
    size = preferences.of(user).text_size if user is not None and user.is_authenticated else ""
    return "" if size == "normal" else size


def chrome(request: HttpRequest) -> dict[str, Any]:
    """`theme` and `text_size` for <html data-…>, the person's projects and the current one, whether rehearsal is on."""
    return {
        "theme": SimpleLazyObject(partial(_theme, request)),
        "text_size": SimpleLazyObject(partial(_text_size, request)),
        "my_projects": SimpleLazyObject(partial(my_projects, request)),
        "current_project": SimpleLazyObject(partial(current_project, request)),
        "rehearsal": settings.REHEARSAL,
    }

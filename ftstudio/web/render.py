"""Answering a page request: the whole page, or the one named part that htmx asked for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template import TemplateDoesNotExist


def part_of(request: HttpRequest) -> str:
    """The part that htmx asks for, by the id of the element that it will swap; "" where it wants the whole page."""
    return (request.htmx.target or "") if _wants_part(request) else ""  # type: ignore[attr-defined]


def _wants_part(request: HttpRequest) -> bool:
    htmx: Any = getattr(request, "htmx", None)
    return bool(htmx) and not htmx.boosted and not htmx.history_restore_request


def render_page(
    request: HttpRequest,
    template: str,
    context: Mapping[str, Any] | None = None,
    *,
    part: str | None = None,
    status: int = 200,
) -> HttpResponse:
    """Render `template`; for an htmx request (not a boosted or history one) only its named part.

    The part is the `part` given, else the id of the element that htmx will swap (`HX-Target`), because a part's
    name is its element's id. A target that names no part of the page gets the whole page.
    """
    if _wants_part(request) and (name := part or part_of(request)):
        try:
            return render(request, f"{template}#{name}", dict(context or {}), status=status)
        except TemplateDoesNotExist:
            if part:
                raise
    return render(request, template, dict(context or {}), status=status)

"""Answering a page request: the whole page, or the one named part that htmx asked for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template import TemplateDoesNotExist


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
    htmx = getattr(request, "htmx", None)
    if htmx and not htmx.boosted and not htmx.history_restore_request:
        name = part or htmx.target
        if name:
            try:
                return render(request, f"{template}#{name}", dict(context or {}), status=status)
            except TemplateDoesNotExist:
                if part:
                    raise
    return render(request, template, dict(context or {}), status=status)

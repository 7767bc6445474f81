"""What happens around every page: the person's language, and refusals that no view caught."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.urls import reverse
from django.utils import translation

from .refusals import page_405, page_refusal, refusal_behind

Answer = Callable[[HttpRequest], HttpResponse]


class PersonMiddleware:
    """The interface speaks the person's language: their setting, else the cookie, else what the browser prefers."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        chosen = getattr(request.user, "language", "") if "_auth_user_id" in request.session else ""
        with translation.override(chosen or translation.get_language_from_request(request)):
            request.LANGUAGE_CODE = translation.get_language() or "en"
            response = self.get_response(request)
        response.headers.setdefault("Content-Language", request.LANGUAGE_CODE)
        # Whatever a view answers is for this person: no proxy keeps it, and a browser asks before it shows it again.
        # Views that show a secret say no-store.
        response.headers.setdefault("Cache-Control", "private, no-cache")
        return response


def _is_read_by_a_person(request: HttpRequest) -> bool:
    return "text/html" in request.headers.get("Accept", "")


class RefusalMiddleware:
    """A refusal that leaves a page view becomes a page that says what and what to do; a part that asks after the
    session ended sends the whole page to the door, instead of drawing the door inside itself. So does the address of a
    form's button that is opened again, which a browser would show as a page of its own about a broken site."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        htmx: Any = getattr(request, "htmx", None)
        door = reverse("account_login")
        if htmx and response.status_code == 302 and response.headers["Location"].split("?")[0] == door:
            page = htmx.current_url_abs_path or "/"
            return HttpResponse(status=204, headers={"HX-Redirect": f"{door}?{urlencode({'next': page})}"})
        if isinstance(response, HttpResponseNotAllowed) and request.method == "GET" and _is_read_by_a_person(request):
            return page_405(request, response.headers["Allow"])
        return response

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        refusal = refusal_behind(exception)
        return page_refusal(request, refusal) if refusal is not None else None

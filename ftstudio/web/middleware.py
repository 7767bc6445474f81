"""What happens around every page: the person's language, and refusals that no view caught."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.utils import translation

from ftstudio.errors import StudioError

from .refusals import page_refusal

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
        return response


class RefusalMiddleware:
    """A StudioError that leaves a page view becomes a page that says what and what to do."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        return page_refusal(request, exception) if isinstance(exception, StudioError) else None

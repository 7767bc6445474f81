"""The one table from a refusal to HTTP, and its two skins: a form or page in the browser, a JSON body in the API."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from django.core.exceptions import PermissionDenied
from django.forms import Form
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.settings import api_settings
from rest_framework.views import exception_handler, set_rollback

from ftstudio.errors import Conflict, InvalidInput, NotAllowed, StudioError, Text, Unavailable
from ftstudio.patience import says_away

from .texts import say

logger = logging.getLogger(__name__)

STATUS: dict[type[StudioError], int] = {InvalidInput: 422, NotAllowed: 403, Conflict: 409, Unavailable: 503}


def refusal_behind(error: Exception) -> StudioError | None:
    """The refusal that an exception stands for: itself, or for a broker (and cache) that is away Unavailable."""
    if says_away(error):
        logger.warning("the broker does not answer", exc_info=error)
        return Unavailable(Text("The broker does not answer just now, and this needs it. Try again in a moment."))
    return error if isinstance(error, StudioError) else None


def status_of(error: StudioError) -> int:
    """The HTTP status of a refusal: that of the nearest class in the table."""
    return next((STATUS[cls] for cls in type(error).__mro__ if cls in STATUS), 500)


def body_of(error: StudioError) -> dict[str, Any]:
    """The API body `{code, message, fields}` in the reader's language."""
    fields: dict[str, Any] = {name: say(text) for name, text in error.fields.items()}
    return {"code": error.code, "message": say(error.message), "fields": {**fields, **error.details}}


@contextmanager
def refusals_on(form: Form, named: Callable[[str], str] = str) -> Iterator[None]:
    """Put what a service refuses as input onto the form: on the field of the name, else above the form.

    `named` gives the form's name of a service's field, where the two differ.
    NotAllowed and the other refusals pass through to `RefusalMiddleware`, because they are not about the form.
    """
    try:
        yield
    except InvalidInput as error:
        if not error.fields:
            form.add_error(None, say(error.message))
        for name, text in error.fields.items():
            form.add_error(named(name) if named(name) in form.fields else None, say(text))


def api_refusal(error: Exception, context: Mapping[str, Any]) -> Response | None:
    """DRF's exception handler: every error answer of the API has the same body."""
    if (refusal := refusal_behind(error)) is not None:
        set_rollback()
        return Response(body_of(refusal), status=status_of(refusal))
    if isinstance(error, exceptions.ValidationError):
        set_rollback()
        detail = error.detail if isinstance(error.detail, dict) else {"non_field_errors": error.detail}
        fields = dict(_named(detail))
        return Response(
            {"code": "invalid_input", "message": next(iter(fields.values()), ""), "fields": fields}, status=422
        )
    response = exception_handler(error, dict(context))
    if response is not None:
        if isinstance(error, Http404):
            code, message = "not_found", _("This does not exist, or you have no access to it.")
        elif isinstance(error, PermissionDenied):
            code, message = "not_allowed", _("You may not do that.")
        else:
            code = getattr(error, "default_code", "error")
            message = _first(getattr(error, "detail", ""))
        response.data = {"code": code, "message": message, "fields": {}}
    return response


def _named(detail: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, str]]:
    """The first message of each field; one within another is named `outer.inner`, within a list `outer.0.inner`."""
    for name, value in detail.items():
        is_list = isinstance(value, list) and any(isinstance(one, dict) for one in value)
        inside = dict(enumerate(value)) if is_list else value
        if not isinstance(inside, dict):
            yield f"{above}{name}", _first(value)
        elif own := inside.get(api_settings.NON_FIELD_ERRORS_KEY):
            yield f"{above}{name}", _first(own)
        else:
            yield from _named(inside, f"{above}{name}.")


def _first(value: Any) -> str:
    """The first message of DRF's nested error detail."""
    while isinstance(value, list | tuple | dict):
        value = next(iter(value.values() if isinstance(value, dict) else value), "")
    return str(value)


def page_refusal(request: HttpRequest, error: StudioError) -> HttpResponse:
    """A refusal that no form took: a page of its own, or for htmx a notice."""
    return _page(request, status_of(error), say(error.message), [say(text) for text in error.fields.values()])


def _page(request: HttpRequest, status: int, message: str, fields: list[str] | None = None) -> HttpResponse:
    context = {"status": status, "message": message, "fields": [text for text in fields or [] if text != message]}
    template = "refusal.html#notice" if getattr(request, "htmx", False) else "refusal.html"
    return render(request, template, context, status=status)


def page_400(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _page(request, 400, _("The request could not be read. Go back and try again."))


def page_403(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _page(request, 403, _("You may not do that."))


def page_csrf(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form without its token: an old page, another tab's sign-in, blocked cookies, or somebody else's form."""
    return _page(request, 403, _("This page was open for too long, or cookies are blocked. Reload it and try again."))


def page_404(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _page(request, 404, _("This page does not exist, or you have no access to it."))


def page_405(request: HttpRequest, allowed: str) -> HttpResponse:
    """The address that a form is sent to, opened by itself: from the history, or after signing in anew."""
    answer = _page(request, 405, _("This address only takes what a form sends. Go back to the form and send it again."))
    answer.headers["Allow"] = allowed
    return answer


def page_500(request: HttpRequest) -> HttpResponse:
    """Rendered without the request: whatever broke (the database, the session) is not asked again."""
    message = _(
        "Something broke on our side. It has been written to the log; nothing you saved is lost. Try again; "
        "if it breaks again, tell whoever runs this installation."
    )
    context = {"status": 500, "message": message, "fields": [], "bare": True}
    template = "refusal.html#notice" if getattr(request, "htmx", False) else "refusal.html"
    return HttpResponse(render_to_string(template, context), status=500)

"""What the frame answers itself: the language switch, the workers' pulse, the health of the house."""

from __future__ import annotations

import logging

from django.conf import settings
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from ftstudio import heart, queue
from ftstudio.accounts.services import profile
from ftstudio.errors import InvalidInput, Text

logger = logging.getLogger(__name__)


def safe_next(request: HttpRequest, fallback: str = "/") -> str:
    """The `next` that was sent, if it leads to this house; never to another."""
    wanted = request.POST.get("next", "")
    ours = url_has_allowed_host_and_scheme(
        wanted, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return wanted if wanted and ours else fallback


@require_POST
def language(request: HttpRequest) -> HttpResponse:
    """Speak another language from now on: kept in a cookie, and with the person when somebody is signed in."""
    chosen = request.POST.get("language", "")
    if chosen not in dict(settings.LANGUAGES):
        raise InvalidInput(language=Text("ftstudio does not speak this language."))
    if request.user.is_authenticated:
        profile.change(actor=request.user, language=chosen)
    response = HttpResponseRedirect(safe_next(request))
    response.set_cookie(
        settings.LANGUAGE_COOKIE_NAME,
        chosen,
        max_age=365 * 24 * 3600,
        samesite="Lax",
        httponly=True,
        secure=settings.SESSION_COOKIE_SECURE,
    )
    return response


@require_GET
def pulse(request: HttpRequest) -> HttpResponse:
    """How many workers are alive, as the part in the header and as the banner; each takes its own.

    Nothing, once the person was signed out: it is asked by every page on its own, and must not send a page to the door
    on which somebody is just typing.
    """
    if not request.user.is_authenticated:
        return HttpResponse(status=204)
    return render(request, "_ui/pulse_answer.html", {"workers": heart.workers()})


@require_GET
@never_cache
def healthz(request: HttpRequest) -> JsonResponse:
    """`{"database", "broker"}`, each "ok" or "away". 503 without the database; work waits while the broker is away."""
    state = {"database": _database(), "broker": "ok" if queue.answers() else "away"}
    return JsonResponse(state, status=200 if state["database"] == "ok" else 503)


def _database() -> str:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        logger.warning("health: the database does not answer", exc_info=True)
        return "away"
    return "ok"

"""How much a connection may be asked: a budget of requests per minute, silence where the provider wants it, and a stop.

The budget is a bucket of tokens on the connection's row. It is drawn from by compare and swap: who has read the row
writes it only if nobody else has written meanwhile, so that any number of workers together keep within it.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from ftstudio.errors import Text
from ftstudio.web.texts import to_line
from jobs_app.models import Connection
from jobs_app.providers import PROVIDERS
from jobs_app.providers.base import ProviderError

from . import telling

BURST = 10.0  # seconds' worth of requests that may be sent at once after a silence
LEAST = 6  # requests: no budget is so small that a single poll never fits
TRIES = 20
QUIET = 30.0  # seconds of silence where a provider is busy and does not say for how long


def per_minute(connection: Connection) -> int:
    """Requests a minute: what people set for the connection, else what its provider bears."""
    return connection.requests_per_minute or PROVIDERS[connection.kind].requests_per_minute


def draw(connection_id: Any, requests: int, *, at_once: int = 1) -> int:
    """Take up to `requests` out of the budget in multiples of `at_once`; how many were given."""
    return _swap(connection_id, lambda left: max(0, min(requests, int(left)) // at_once * at_once))


def spend(connection_id: Any, requests: int) -> None:
    """Count requests that were sent without asking; a budget in debt gives nothing until it is paid. Negative: given
    back."""
    if requests:
        _swap(connection_id, lambda left: requests)


def _swap(connection_id: Any, taken: Any) -> int:
    for _ in range(TRIES):
        columns = ("kind", "requests_per_minute", "rate_left", "rate_at")
        row = Connection.objects.filter(pk=connection_id).only(*columns).first()
        if row is None or row.kind not in PROVIDERS:
            return 0
        now = timezone.now()
        left = _left(row, now)
        given: int = taken(left)
        if not given:
            return 0
        seen = Connection.objects.filter(pk=connection_id, rate_left=row.rate_left, rate_at=row.rate_at)
        if seen.update(rate_left=left - given, rate_at=now) == 1:
            return given
    return 0


def _left(connection: Connection, now: datetime) -> float:
    minute = per_minute(connection)
    full = max(LEAST, minute * BURST / 60)
    if connection.rate_at is None:
        return full
    passed = max(0.0, (now - connection.rate_at).total_seconds())
    return min(full, connection.rate_left + passed * minute / 60)


def silence(connection_id: Any, seconds: float | None) -> datetime:
    """Leave the whole connection alone for a while, because its provider asked for it; until when."""
    until = timezone.now() + timedelta(seconds=QUIET if seconds is None else seconds)
    shorter = Q(quiet_until=None) | Q(quiet_until__lt=until)
    Connection.objects.filter(shorter, pk=connection_id).update(quiet_until=until)
    return until


def stop(connection: Connection, refusal: ProviderError) -> None:
    """Send nothing through the connection until a person has done something (kind "auth": ask nothing either)."""
    now, says = timezone.now(), to_line(refusal.message, 300)
    with transaction.atomic():
        stopped = Connection.objects.filter(pk=connection.pk, stopped="")
        if stopped.update(stopped=refusal.kind, stopped_at=now, stopped_says=says):
            connection.stopped, connection.stopped_at, connection.stopped_says = refusal.kind, now, says
            telling.stopped(connection)


def open_to_polls() -> Q:
    """Jobs whose connection may be asked now."""
    quiet = Q(connection__quiet_until=None) | Q(connection__quiet_until__lte=timezone.now())
    return quiet & ~Q(connection__stopped="auth")


def open_to_submits() -> Q:
    """Jobs whose connection may be sent something that costs money now."""
    quiet = Q(connection__quiet_until=None) | Q(connection__quiet_until__lte=timezone.now())
    return quiet & Q(connection__stopped="")


def why_shut(connection: Connection) -> Text | None:
    """Why nothing is sent through the connection now; None where it is open."""
    if connection.stopped == "auth":
        return Text(
            "The provider does not accept the credential of the connection “{name}”. Give it a new one, or send again.",
            name=connection.name,
        )
    if connection.stopped:
        return Text(
            "The account behind the connection “{name}” has no credit left. Top it up, then send again.",
            name=connection.name,
        )
    if connection.quiet_until and connection.quiet_until > timezone.now():
        return Text(
            "The provider of the connection “{name}” asked us to slow down until {time}.",
            name=connection.name,
            time=f"{timezone.localtime(connection.quiet_until):%H:%M:%S}",
        )
    return None

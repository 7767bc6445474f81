"""Having a model asked by a worker: the lease, the pauses a provider wants, the end. For every `Asking`.

What is asked and what becomes of an answer is the caller's: `evaluate` and `synthesise`.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Protocol
from uuid import UUID

from django.db import InterfaceError, OperationalError, transaction
from django.db.models import F
from django.db.models.functions import Coalesce
from django.utils import timezone

from ftstudio.errors import Conflict, StudioError, Text
from ftstudio.web.texts import to_line
from jobs_app.models import Connection
from jobs_app.models.asking import Asking, AskingState
from jobs_app.providers.base import ProviderError, Reply

from . import rates, spending
from .clients import after_failure
from .settle import BROKEN


class Lost(Exception):
    """Another worker has it, or a person cancelled it."""


class Paused(Exception):
    """Nothing may be asked through its connection before this moment."""

    def __init__(self, until: datetime) -> None:
        super().__init__(until)
        self.until = until


class End(Protocol):
    def __call__(self, row: Any, key: str, state: str, says: str | Text = "") -> None: ...


def carry_on(rows: Any, pk: UUID | str, *, load: Any, some: Callable[[Any, str], bool], end: End) -> bool:
    """Claim the row and do `some` of its work. True: there is more, call again. Safe at any time, any number of times.

    `rows` is the model's queryset, `load` the one it is read with. A provider that has to be left alone puts it off,
    one that refuses ends it in its words; so does a mistake of ours. Who is killed leaves a lease that runs out.
    """
    key = secrets.token_hex(16)
    due = rows.unfinished().exclude(next_at__gt=timezone.now())
    if not due.claim(pk, key):
        return False
    row = load.get(pk=pk)
    try:
        return some(row, key)
    except Lost:
        rows.release(row.pk, key)
        return False
    except Paused as pause:
        rows.release(row.pk, key, next_at=pause.until)
        return False
    except ProviderError as refusal:
        _put_off(row, key, refusal, end)
        return False
    except StudioError as refusal:
        end(row, key, AskingState.FAILED, refusal.message)
        return False
    except (OperationalError, InterfaceError):
        raise  # the database is away or busy: the next sweep takes it up
    except Exception:
        end(row, key, AskingState.FAILED, BROKEN)
        raise


def hold(row: Asking, key: str, **changes: Any) -> None:
    """Go on holding it, writing `changes` in the same UPDATE. Raises Lost."""
    rows: Any = type(row)._default_manager
    if not rows.unfinished().renew(row.pk, key, **changes):
        raise Lost


def ready(row: Any, key: str) -> None:
    """Called before each question: it is still ours, its account lets us in, and its project may pay for it.

    Raises Lost; Paused while the provider wants silence or the connection's own pace is reached; Conflict, which ends
    it, where a person has to do something first.
    """
    hold(row, key)
    connection = Connection.objects.only("name", "stopped", "quiet_until", "requests_per_minute").get(
        pk=row.connection_id
    )
    if connection.stopped and (shut := rates.why_shut(connection)) is not None:
        raise Conflict(shut, code="stopped")
    if connection.quiet_until is not None and connection.quiet_until > timezone.now():
        raise Paused(connection.quiet_until)
    if (beyond := spending.asking_beyond_budget(row)) is not None:
        raise Conflict(beyond, code="budget")
    # What people have set is a limit; a provider's usual pace is one for polls, which nobody waits for.
    if connection.requests_per_minute and not rates.draw(row.connection_id, 1):
        raise Paused(timezone.now() + timedelta(seconds=60 / connection.requests_per_minute))


def booked(row: Asking, prompt_tokens: int | None, completion_tokens: int | None) -> dict[str, Any]:
    """What adds an answer's tokens and cost to those that the row has paid for, whoever else adds to them."""
    changes: dict[str, Any] = {
        "prompt_tokens": F("prompt_tokens") + (prompt_tokens or 0),
        "completion_tokens": F("completion_tokens") + (completion_tokens or 0),
    }
    if (cost := row.cost_of(prompt_tokens, completion_tokens)) is not None:
        changes["cost"] = Coalesce(F("cost"), Decimal(0)) + cost
    return changes


def learnt(row: Asking, reply: Reply) -> dict[str, Any]:
    """What is written down of a model that did not take all that it was to be asked with; it is not sent again."""
    if not reply.left_out:
        return {}
    row.decoding = {**row.decoding, **dict.fromkeys(reply.left_out)}
    return {"decoding": row.decoding}


@contextmanager
def paid(row: Asking, prompt_tokens: int | None, completion_tokens: int | None) -> Iterator[None]:
    """One transaction in which an answer is written down.

    Where a person has cancelled or another worker has taken over meanwhile (Lost), it no longer is, but it has been
    paid for: that much is booked.
    """
    try:
        with transaction.atomic():
            yield
    except Lost:
        rows: Any = type(row)._default_manager
        rows.filter(pk=row.pk).update(**booked(row, prompt_tokens, completion_tokens))
        raise


def close(row: Asking, key: str, state: str, says: str | Text = "") -> bool:
    """End it, unless it is no longer ours to end."""
    rows: Any = type(row)._default_manager
    now = timezone.now()
    said = to_line(says, 300)
    return rows.unfinished().release(row.pk, key, state=state, says=said, finished_at=now, next_at=None)


def _put_off(row: Asking, key: str, refusal: ProviderError, end: End) -> None:
    """Ask again later where that can help, else it has failed in the provider's words."""
    if not refusal.transient and refusal.kind != "unknown-outcome":
        if refusal.kind in ("auth", "quota"):
            rates.stop(row.connection, refusal)  # type: ignore[attr-defined]
        end(row, key, AskingState.FAILED, refusal.sentence)
        return
    if refusal.kind == "rate":  # whoever else asks through it is too fast as well
        rates.silence(row.connection_id, refusal.retry_after)  # type: ignore[attr-defined]
    rows: Any = type(row)._default_manager
    failures = row.failures + 1
    rows.release(
        row.pk,
        key,
        failures=failures,
        says=to_line(refusal.sentence, 300),
        next_at=timezone.now() + after_failure(failures, refusal.retry_after),
    )

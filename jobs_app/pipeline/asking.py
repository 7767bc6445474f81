"""Having a model asked by a worker: the lease, the pauses a provider wants, the end. For every `Asking`.

What is asked and what becomes of an answer is the caller's: `trial` and `synthesise`.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from decimal import Decimal
from typing import Any, Protocol
from uuid import UUID

from django.db import InterfaceError, OperationalError
from django.utils import timezone

from ftstudio.errors import StudioError, Text
from ftstudio.web.texts import to_line
from jobs_app.models.asking import Asking, AskingState
from jobs_app.providers.base import ProviderError, Reply

from . import rates
from .clients import after_failure
from .settle import BROKEN

MILLION = Decimal(1_000_000)


class Lost(Exception):
    """Another worker has it, or a person cancelled it."""


class End(Protocol):
    def __call__(self, row: Any, key: str, state: str, says: str | Text = "") -> None: ...


def carry_on(rows: Any, pk: UUID | str, *, load: Any, some: Callable[[Any, str], bool], end: End) -> bool:
    """Claim the row and do `some` of its work. True: there is more, call again. Safe at any time, any number of times.

    `rows` is the model's queryset, `load` the one it is read with. A provider that has to be left alone puts it off,
    one that refuses ends it in its words; so does a mistake of ours. Who is killed leaves a lease that runs out.
    """
    key = secrets.token_hex(16)
    due = rows.unfinished().exclude(next_at__gt=timezone.now()).filter(rates.open_to_submits())
    if not due.claim(pk, key):
        return False
    row = load.get(pk=pk)
    try:
        return some(row, key)
    except Lost:
        rows.release(row.pk, key)
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


def close(row: Asking, key: str, state: str, says: str | Text = "") -> bool:
    """End it, unless it is no longer ours to end."""
    rows: Any = type(row)._default_manager
    now = timezone.now()
    said = to_line(says, 300)
    return rows.unfinished().release(row.pk, key, state=state, says=said, finished_at=now, next_at=None)


def cost_of(row: Asking, reply: Reply) -> Decimal | None:
    """By the prices of the day on which it was asked for; None where one of them is missing."""
    if row.price_input is None or row.price_output is None:
        return None
    if reply.prompt_tokens is None or reply.completion_tokens is None:
        return None
    return (row.price_input * reply.prompt_tokens + row.price_output * reply.completion_tokens) / MILLION


def _put_off(row: Asking, key: str, refusal: ProviderError, end: End) -> None:
    """Ask again later where that can help, else it has failed in the provider's words."""
    if not refusal.transient and refusal.kind != "unknown-outcome":
        if refusal.kind in ("auth", "quota"):
            rates.stop(row.connection, refusal)  # type: ignore[attr-defined]
        end(row, key, AskingState.FAILED, refusal.sentence)
        return
    rows: Any = type(row)._default_manager
    failures = row.failures + 1
    rows.release(
        row.pk,
        key,
        failures=failures,
        says=to_line(refusal.sentence, 300),
        next_at=timezone.now() + after_failure(failures, refusal.retry_after),
    )

"""“Succeeded” is not “callable”: whether a tuned model can be called is asked by itself, until it can or will not.

A look is claimed by moving `serving_checked_at` on, so that one worker asks. A model that could be called is looked at
once a day: a tuned model ends with its base model, and the page should say so before a person's call fails.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from ftstudio.errors import StudioError
from ftstudio.web.texts import to_line
from jobs_app.models import ModelVersion
from jobs_app.providers import PROVIDERS
from jobs_app.providers.base import ProviderError, Serving

from . import rates
from .clients import lend
from .telling import callable_now

READY, UNDEPLOYED, DEPLOYING, FAILED, GONE = "ready", "undeployed", "deploying", "failed", "gone"
SOON = timedelta(seconds=20)  # between two looks at a model that is being deployed
DAILY = timedelta(days=1)
FRESH = timedelta(minutes=15)  # a provider may not know its own new model for some minutes
AT_ONCE = 100


def due() -> list[UUID]:
    """The model versions that should be looked at now."""
    now = timezone.now()
    pending = Q(serving=DEPLOYING) & (Q(serving_checked_at=None) | Q(serving_checked_at__lt=now - SOON))
    new = Q(serving_checked_at=None)
    old = ~Q(serving=GONE) & ~Q(stage="retired") & Q(serving_checked_at__lt=now - DAILY)
    rows = ModelVersion.objects.filter(pending | new | old).filter(rates.open_to_polls()).order_by("serving_checked_at")
    return list(rows.values_list("pk", flat=True)[:AT_ONCE])


def look(version_id: UUID | str) -> None:
    """Ask whether a model can be called; one that is to be deployed and was not asked for yet is asked for first."""
    version = ModelVersion.objects.select_related("connection", "job__connection", "project").get(pk=version_id)
    seen, now = version.serving_checked_at, timezone.now()
    mine = ModelVersion.objects.filter(pk=version.pk, serving_checked_at=seen, serving=version.serving)
    if version.connection.kind not in PROVIDERS or mine.update(serving_checked_at=now) != 1:
        return
    version.serving_checked_at = now
    try:
        lent = lend(version.connection)
        before = lent.requests
        try:
            if version.serving == DEPLOYING and seen is None:
                found = lent.provider.deploy(version.model, version.deployment)
            else:
                found = lent.provider.serving(version.model, version.deployment)
        finally:
            rates.spend(version.connection_id, lent.requests - before)
    except ProviderError as refusal:
        _refused(version, refusal, asked_before=seen is not None)
    except StudioError as refusal:
        _write(version, version.serving, says=to_line(refusal.message, 300))
    else:
        _found(version, found)


def _found(version: ModelVersion, found: Serving) -> None:
    state = found.state
    if state == GONE and timezone.now() < version.created_at + FRESH:
        state = DEPLOYING  # not yet known, rather than gone
    elif state == GONE and version.serving == DEPLOYING:
        state = FAILED  # what was asked for has not come to be, and a person may ask again; gone would be for good
    more: dict[str, Any] = {"deployment": found.name[:200]} if found.name else {}
    _write(version, state, says=found.says[:300], **more)


def _refused(version: ModelVersion, refusal: ProviderError, *, asked_before: bool) -> None:
    """A refusal says little about the model: only a deployment that is not possible has failed."""
    says = to_line(refusal.message, 300)
    if refusal.kind == "auth":
        rates.stop(version.connection, refusal)
    elif refusal.kind == "rate":
        rates.silence(version.connection_id, refusal.retry_after)
    if refusal.kind == "missing" and asked_before:
        _found(version, Serving(GONE, says=says))
    elif refusal.transient or refusal.kind in ("auth", "unknown-outcome"):
        again = {} if asked_before or refusal.kind == "unknown-outcome" else {"serving_checked_at": None}
        _write(version, version.serving, says=says, **again)
    elif version.serving == DEPLOYING:
        _write(version, FAILED, says=says)
    else:
        _write(version, version.serving, says=says)


@transaction.atomic
def _write(version: ModelVersion, state: str, *, says: str, **more: Any) -> None:
    """Write what was found, unless a person has asked for something else meanwhile."""
    same = ModelVersion.objects.filter(
        pk=version.pk, serving=version.serving, serving_checked_at=version.serving_checked_at
    )
    if same.update(serving=state, serving_says=says, **more) and state == READY != version.serving:
        for name, value in {"serving": state, **more}.items():
            setattr(version, name, value)
        callable_now(version)


def mark_gone(version: ModelVersion, says: str) -> None:
    """A call has found that the provider no longer has the model."""
    if timezone.now() >= version.created_at + FRESH:
        ModelVersion.objects.filter(pk=version.pk).update(
            serving=GONE, serving_says=says[:300], serving_checked_at=timezone.now()
        )

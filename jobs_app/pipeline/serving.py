"""“Succeeded” is not “callable”: whether a tuned model can be called is asked by itself, until it can or will not.

A look is claimed by moving `serving_checked_at` on, so that one worker asks. A model that could be called is looked at
once a day: a tuned model ends with its base model, and the page should say so before a person's call fails.

A deployment may cost money by the hour, so it is asked for once. The claim of that look writes the intent down, too
(`deploy_asked_at`); whatever becomes of the answer, the deployment is then looked for until its provider must list it,
and a person who asks once more gets the one that is there.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from ftstudio.errors import StudioError, Text
from ftstudio.web.texts import to_line
from jobs_app.models import ModelVersion
from jobs_app.providers import PROVIDERS
from jobs_app.providers.base import Provider, ProviderError, Serving

from . import rates
from .clients import lend
from .telling import callable_now

READY, UNDEPLOYED, DEPLOYING, FAILED, GONE = "ready", "undeployed", "deploying", "failed", "gone"
SOON = timedelta(seconds=20)  # between two looks at a model that is being deployed
DAILY = timedelta(days=1)
FRESH = timedelta(minutes=15)  # a provider may not know its own new model for some minutes
LISTED = timedelta(minutes=5)  # a fresh deployment may be missing from the provider's list for that long
AT_ONCE = 100
NOT_LISTED_YET = Text("The provider does not list the deployment yet.")
NOT_THERE = Text("The provider does not have the deployment that was asked for. It can be asked for again.")


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
    if version.connection.kind not in PROVIDERS:
        return
    before, now = (version.serving_checked_at, version.deploy_asked_at), timezone.now()
    asks = version.serving == DEPLOYING and version.serving_checked_at is None
    mine = ModelVersion.objects.filter(pk=version.pk, serving_checked_at=before[0], serving=version.serving)
    asked = {"deploy_asked_at": now} if asks else {}
    if mine.update(serving_checked_at=now, **asked) != 1:
        return
    version.serving_checked_at, version.deploy_asked_at = now, now if asks else before[1]
    try:
        lent = lend(version.connection)
        sent = lent.requests
        try:
            if asks:
                found = _deployed(lent.provider, version, asked_before=before[1] is not None)
            else:
                found = lent.provider.serving(version.model, version.deployment)
        finally:
            rates.spend(version.connection_id, lent.requests - sent)
    except ProviderError as refusal:
        _refused(version, refusal, before=before if asks else None)
    except StudioError as refusal:
        _write(version, version.serving, says=to_line(refusal.message, 300))
    else:
        _found(version, found)


def _deployed(provider: Provider, version: ModelVersion, *, asked_before: bool) -> Serving:
    """The deployment that is asked for; one that an earlier asking has made after all, under whatever name, is it."""
    if asked_before:
        try:
            there = provider.serving(version.model, version.deployment)
        except ProviderError as refusal:
            if refusal.kind != "missing":
                raise
        else:
            if there.state in (READY, DEPLOYING):
                return there
    return provider.deploy(version.model, version.deployment)


def _found(version: ModelVersion, found: Serving) -> None:
    state, says, now = found.state, found.says[:300], timezone.now()
    absent = state == GONE or (state == UNDEPLOYED and not found.name)
    if absent and version.serving == DEPLOYING and version.deploy_asked_at is not None:
        # Not listed is not yet not there: who believed it would ask, and pay, a second time.
        early = now < version.deploy_asked_at + LISTED
        state = DEPLOYING if early else UNDEPLOYED
        says = to_line(NOT_LISTED_YET if early else NOT_THERE, 300)
    elif state == GONE and now < version.created_at + FRESH:
        state = DEPLOYING  # not yet known, rather than gone
    elif state == GONE and version.serving == DEPLOYING:
        state = FAILED  # what was asked for has not come to be, and a person may ask again; gone would be for good
    more: dict[str, Any] = {"deployment": found.name[:200]} if found.name else {}
    _write(version, state, says=says, **more)


def _refused(version: ModelVersion, refusal: ProviderError, *, before: tuple[Any, Any] | None) -> None:
    """A refusal says little about the model: only a deployment that is not possible has failed.

    `before`: when the model was looked at and asked for before this look asked for a deployment; None where it did not.
    """
    says = to_line(refusal.message, 300)
    if refusal.kind == "auth":
        rates.stop(version.connection, refusal)
    elif refusal.kind == "rate":
        rates.silence(version.connection_id, refusal.retry_after)
    if refusal.kind == "missing" and before is None:
        _found(version, Serving(GONE, says=says))
    elif refusal.kind == "unknown-outcome" or (before is None and (refusal.transient or refusal.kind == "auth")):
        _write(version, version.serving, says=says)
    elif before is not None and (refusal.transient or refusal.kind == "auth"):
        # Nothing was done: the intent is withdrawn, and the next look asks.
        _write(version, version.serving, says=says, serving_checked_at=before[0], deploy_asked_at=before[1])
    elif version.serving == DEPLOYING:
        _write(version, FAILED, says=says, **({} if before is None else {"deploy_asked_at": before[1]}))
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

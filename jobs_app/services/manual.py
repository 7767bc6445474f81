"""Jobs that a person carries out in a provider's console: what to do there, and how it ended."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from datasets_app.models import Export
from ftstudio.accounts.models import AuditEntry, User
from ftstudio.accounts.policy import require
from ftstudio.errors import Conflict, InvalidInput, Text
from jobs_app.core import lifecycle
from jobs_app.core.prices import read_currency
from jobs_app.core.recipes import Recipe
from jobs_app.models import Job, ModelVersion
from jobs_app.pipeline.manual import export_id
from jobs_app.pipeline.outcome import MOST_COST, priced, register_model
from jobs_app.pipeline.settle import error_row
from jobs_app.pipeline.telling import told
from jobs_app.providers import PROVIDERS
from jobs_app.providers.base import Order, Provider, ProviderError, Step


@dataclass(frozen=True, slots=True)
class Guide:
    """What a person needs for the console: the files to take there, and the steps with the values to type."""

    files: Sequence[Export]
    steps: Sequence[Step]

    @property
    def ready(self) -> bool:
        """Whether every file has been written."""
        return all(file.state == "done" for file in self.files)


def guide_of(job: Job) -> Guide | None:
    """The guide of a job that is carried out by hand and has not ended; None for every other."""
    provider = _provider(job)
    if provider is None or job.state != lifecycle.RUNNING:
        return None
    ids = {side: export_id(getattr(job, f"{side}_file")) for side in ("training", "validation")}
    exports = {str(one.pk): one for one in Export.objects.filter(pk__in=[pk for pk in ids.values() if pk])}
    names = {side: file_name(exports[pk]) if pk in exports else "" for side, pk in ids.items()}
    order = Order(
        training_file=names["training"],
        validation_file=names["validation"] or None,
        base_model=job.base_model,
        recipe=Recipe.of(job.recipe),
        marker=job.marker,
        name=job.name,
        description=job.description,
    )
    return Guide([exports[pk] for pk in ids.values() if pk in exports], provider.checklist(order))


def file_name(export: Export) -> str:
    """The name under which an export's file is downloaded."""
    return f"{export.split}-{str(export.pk)[:8]}.jsonl"


def register(
    *,
    actor: User,
    job: Job,
    model: str,
    trained_tokens: int | None = None,
    cost: Any = None,
    currency: str = "",
) -> ModelVersion:
    """The training has succeeded, and this is what its model is called. Cost and tokens as the console shows them.

    Raises InvalidInput for an id that this provider cannot have given, Conflict for a job that does not wait for one.
    """
    require(actor, job.project_id, "models.register")
    provider = _by_hand(job)
    tuned = provider.tuned_model(model)
    if trained_tokens is not None and not 0 <= trained_tokens < 2**63:
        raise InvalidInput(trained_tokens=_("Give a whole number from 0."))
    bill, money = _cost(job, provider, trained_tokens, cost, currency)
    with transaction.atomic():
        _end(job, actor, lifecycle.SUCCEEDED, result_model=tuned, trained_tokens=trained_tokens, **bill)
        serving = "undeployed" if provider.capabilities.deploys else "ready"
        version = register_model(job, tuned, serving=serving)
        told(job, lifecycle.RUNNING, lifecycle.SUCCEEDED)
        AuditEntry.objects.record(
            actor=actor, verb="models.register", target=version, project=job.project, model=tuned, cost=money
        )
    return version


def fail(*, actor: User, job: Job, reason: str) -> Job:
    """The training has ended without a model."""
    require(actor, job.project_id, "models.register")
    _by_hand(job)
    says = reason.strip()
    if not 1 <= len(says) <= 300:
        raise InvalidInput(reason=_("Say what the console says, in 1 to 300 characters."))
    refusal = ProviderError(Text("{says}", says=says), "request")
    with transaction.atomic():
        _end(job, actor, lifecycle.FAILED, error=error_row(refusal))
        told(job, lifecycle.RUNNING, lifecycle.FAILED)
        AuditEntry.objects.record(actor=actor, verb="jobs.fail", target=job, project=job.project, reason=says)
    return job


def _provider(job: Job) -> type[Provider] | None:
    provider = PROVIDERS.get(job.connection.kind)
    return provider if provider is not None and provider.manual else None


def _by_hand(job: Job) -> type[Provider]:
    if (provider := _provider(job)) is None:
        raise Conflict(_("This job's provider reports itself how it ends."))
    return provider


def _end(job: Job, actor: User, state: str, **changes: Any) -> None:
    if job.state != lifecycle.RUNNING or not Job.objects.move(
        job, state, actor=actor, finished_at=timezone.now(), next_poll_at=None, cancel_wanted=False, **changes
    ):
        raise Conflict(_("This job does not wait for its end: it has not begun, or it has ended."))


def _cost(
    job: Job, provider: type[Provider], tokens: int | None, cost: Any, currency: str
) -> tuple[dict[str, Any], str | None]:
    """What was paid, as columns and as text: what the person says, else what the tokens cost."""
    if cost in (None, ""):
        known, unit = priced(job, provider, tokens)
        if known is None or known >= MOST_COST:
            return {}, None
        return {"cost": known.quantize(Decimal("0.0001")), "currency": unit, "cost_source": "price"}, None
    try:
        paid = Decimal(str(cost)).quantize(Decimal("0.0001"))
    except InvalidOperation:
        paid = Decimal(-1)
    if not 0 <= paid < MOST_COST:
        raise InvalidInput(cost=_("Give an amount of money from 0."))
    try:
        unit = read_currency(currency or str(job.estimate.get("currency") or ""))
    except ValueError as refusal:
        raise InvalidInput(currency=refusal.args[0]) from None
    return {"cost": paid, "currency": unit, "cost_source": "provider"}, str(paid)

"""What a provider's report makes of a job: the state it moves to, what it cost, the model that came of it."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from ftstudio.errors import Text
from jobs_app.core import lifecycle
from jobs_app.models import Job, ModelVersion
from jobs_app.providers.base import Provider, ProviderError, Report

from .settle import error_row
from .telling import told

MODEL_LAG = timedelta(minutes=2)  # a provider may report success a moment before it names the model
MOST_COST = Decimal(10**8)  # what the column holds; more than that is a provider's slip, not a price


def settle_report(job: Job, provider: Provider, report: Report, now: datetime) -> bool:
    """Move the job where the report says, within the caller's transaction; whether it moved."""
    state = _state_after(job, report, now)
    return bool(state) and _move(job, state, provider, report, now)


def _state_after(job: Job, report: Report, now: datetime) -> str:
    """The state to move to, or "" to stay."""
    state = report.state
    if state is None or not lifecycle.can(job.state, state):
        return ""
    if job.state == lifecycle.PAUSING and state == lifecycle.RUNNING:
        return ""  # the pause has been asked for and has not taken effect yet
    if state == lifecycle.SUCCEEDED and not report.model and report.finished_at:
        # A provider's clock that is ahead of ours must not keep the job open for as long as it is ahead.
        ahead = report.finished_at > now and job.raw_state == report.raw_state
        return state if ahead or now >= report.finished_at + MODEL_LAG else ""
    return state


def _move(job: Job, state: str, provider: Provider, report: Report, now: datetime) -> bool:
    changes: dict[str, Any] = {}
    note = ""
    if job.started_at is None and state == lifecycle.RUNNING:
        changes["started_at"] = now
    if state in lifecycle.FINAL:
        # By our clock: the provider's may be hours off, and a job does not end before it was launched.
        changes["finished_at"] = min(now, max(report.finished_at or now, job.launched_at or now))
        changes["cancel_wanted"] = False
        changes["trained_tokens"] = report.trained_tokens
        changes |= _cost(job, provider, report)
    if state == lifecycle.SUCCEEDED:
        changes["result_model"] = (report.model or "")[:200]
        note = "" if report.model else "no model named"
    if state == lifecycle.FAILED:
        says = report.error or Text("The provider gives no reason.")
        changes["error"] = error_row(ProviderError(Text("{says}", says=says), "request"))
    before = job.state
    if not Job.objects.move(job, state, note=note, **changes):
        return False
    if state == lifecycle.SUCCEEDED and report.model:
        register_model(job, report.model[:200], serving="undeployed" if provider.capabilities.deploys else "ready")
    told(job, before, state)
    return True


def _cost(job: Job, provider: Provider, report: Report) -> dict[str, Any]:
    """What the run cost: by the provider's own bill, else the trained tokens at the price that the launch went by."""
    cost, currency, source = report.cost, report.currency, "provider"
    if cost is None:
        cost, currency = priced(job, provider, report.trained_tokens)
        source = "price"
    if cost is None or not cost.is_finite() or not 0 <= cost < MOST_COST:
        return {}
    return {"cost": cost.quantize(Decimal("0.0001")), "currency": currency[:3], "cost_source": source}


def priced(job: Job, provider: Provider | type[Provider], tokens: int | None) -> tuple[Decimal | None, str]:
    """The price of so many trained tokens and its currency; None where nobody knows it.

    By the estimate made at launch, which went by the project's own price table; else by the provider's list.
    """
    if tokens is None:
        return None, ""
    expected, due = job.estimate.get("tokens"), job.estimate.get("cost")
    base = next((model for model in provider.base_models if model.id == first_base(job)), None)
    if base is not None and base.price_per_million and str(job.estimate.get("currency") or "") in ("", base.currency):
        known = Decimal(base.price_per_million) * tokens / 1_000_000
        if not expected or due is None or _same(known * expected / max(tokens, 1), Decimal(str(due))):
            return known, base.currency
    if expected and due is not None:
        return Decimal(str(due)) * tokens / Decimal(str(expected)), str(job.estimate.get("currency") or "")
    return None, ""


def _same(one: Decimal, other: Decimal) -> bool:
    """Whether both are one price, the second rounded to cents."""
    return abs(one - other) <= Decimal("0.01")


def first_base(job: Job) -> str:
    """The provider's model at the beginning of the chain: what was tuned from it costs the same."""
    while job.after is not None:
        job = job.after
    return job.base_model


def register_model(job: Job, model: str, *, serving: str = "ready") -> ModelVersion:
    """The tuned model, under an alias that is free in the project. `serving`: whether it can be called as it is."""
    stem = re.sub(r"[\s/@]+", "-", job.name).strip("-")[:90] or "model"
    taken = set(
        ModelVersion.objects.filter(project_id=job.project_id, alias__startswith=stem).values_list("alias", flat=True)
    )
    numbers = range(2, len(taken) + 3)
    alias = next(name for name in (stem, *(f"{stem}-{n}" for n in numbers)) if name not in taken)
    version, _made = ModelVersion.objects.get_or_create(
        job=job,
        model=model,
        defaults={
            "project_id": job.project_id,
            "connection_id": job.connection_id,
            "alias": alias,
            "contract": job.contract,
            "serving": serving,
        },
    )
    return version

"""Ask a provider about a live job and store what is new, once. What the provider says settles what a job is."""

from __future__ import annotations

import hashlib
import math
import re
import secrets
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import InterfaceError, OperationalError, transaction
from django.utils import timezone

from ftstudio.errors import StudioError, Text, Unavailable
from ftstudio.web.texts import to_line
from jobs_app.core import lifecycle
from jobs_app.models import Checkpoint, Job, JobEvent, JobMetric, ModelVersion
from jobs_app.providers.base import Provider, ProviderError, Report

from .clients import after_failure, client_of, held, until_next
from .settle import BROKEN, end, error_row
from .telling import told

MISSING_TRIES = 8  # about a quarter of an hour of failures, the last two of them saying “no such job”
MODEL_LAG = timedelta(minutes=2)  # a provider may report success a moment before it names the model
KNOWN_EVENTS = 200  # ids that are sent along, so that a late event with an old time is not stored twice
LARGEST_STEP = 2**31 - 1
MOST_COST = Decimal(10**8)  # what the column holds; more than that is a provider's slip, not a price


def poll(job_id: UUID | str) -> None:
    """One short conversation with the provider about one job. An answer that fails never fails the job."""
    key = secrets.token_hex(16)
    if not Job.objects.to_poll().claim(job_id, key):
        return
    job = Job.objects.select_related("connection").defer("connection__credential").get(pk=job_id)
    try:
        provider = client_of(job.connection)
        with held(job, key):
            if _ask_for_what_is_wanted(job, key, provider):
                return
            known = list(job.events.order_by("-id").values_list("provider_id", flat=True)[:KNOWN_EVENTS])
            report = provider.report(job.provider_job, after_event=known[0] if known else None, have=known)
        _store(job, key, provider, report)
    except StudioError as refusal:
        if _is_gone(job, refusal):
            end(job, key, lifecycle.FAILED, error=refusal)
        else:
            _postpone(job, key, refusal)
    except (OperationalError, InterfaceError):
        raise  # the database is away or busy: nothing can be written, the lease runs out by itself
    except Exception:
        _postpone(job, key, Unavailable(BROKEN))
        raise


def _is_gone(job: Job, refusal: StudioError) -> bool:
    """Whether the provider has said for so long that there is no such job that it can be believed."""
    missing = getattr(refusal, "kind", "") == "missing"
    return missing and job.poll_failures + 1 >= MISSING_TRIES and job.poll_error == to_line(refusal.message, 300)


def _ask_for_what_is_wanted(job: Job, key: str, provider: Provider) -> bool:
    """Send the cancel, pause or resume that the job's state asks for and the provider has not heard of.

    True: that has settled the job already.
    """
    heard = provider.states.get(job.raw_state)
    try:
        if job.state == lifecycle.CANCELLING and job.cancel_wanted:
            provider.cancel(job.provider_job)
            Job.objects.renew(job.pk, key, cancel_wanted=False)
        elif job.state == lifecycle.PAUSING and heard not in (lifecycle.PAUSING, lifecycle.PAUSED):
            provider.pause(job.provider_job)
        elif job.state == lifecycle.QUEUED and heard in (lifecycle.PAUSING, lifecycle.PAUSED):
            provider.resume(job.provider_job)
    except ProviderError as refusal:
        if refusal.kind == "missing" and job.state == lifecycle.CANCELLING:
            return end(job, key, lifecycle.CANCELLED, note=refusal.message)
        if refusal.kind not in ("conflict", "request"):
            raise
        # Too late or not possible: what the job is now, the report below says.
        Job.objects.renew(job.pk, key, cancel_wanted=False)
        if job.state == lifecycle.PAUSING:
            with transaction.atomic():
                Job.objects.move(job, lifecycle.RUNNING, note=refusal.message)
    return False


def _postpone(job: Job, key: str, refusal: StudioError) -> None:
    failures = job.poll_failures + 1
    now = timezone.now()
    Job.objects.release(
        job.pk,
        key,
        polled_at=now,
        poll_failures=failures,
        poll_error=to_line(refusal.message, 300),
        next_poll_at=now + after_failure(failures, getattr(refusal, "retry_after", None)),
    )


@transaction.atomic
def _store(job: Job, key: str, provider: Provider, report: Report) -> None:
    """Write the report. The lease is renewed first, which locks the row: a cancel waits, or has been before."""
    if not Job.objects.renew(job.pk, key):
        return
    job.refresh_from_db(fields=["state", "cancel_wanted"])
    now = timezone.now()
    _store_rows(job, report)
    state = _state_after(job, report, now)
    if state:
        _move(job, state, provider, report, now)
    last = job.events.order_by("-at").values_list("at", flat=True).first() or job.launched_at or now
    quiet = 0.0 if state or report.events else max(0.0, (now - last).total_seconds())
    Job.objects.release(
        job.pk,
        key,
        raw_state=report.raw_state[:60],
        raw=_finite(dict(report.raw)) if report.raw else job.raw,
        polled_at=now,
        poll_failures=0,
        poll_error="",
        next_poll_at=None if job.state in lifecycle.FINAL else now + until_next(report.next_poll_hint, quiet),
    )


def _store_rows(job: Job, report: Report) -> None:
    """Events, figures and checkpoints. Unique keys make a second report of the same thing nothing."""
    JobEvent.objects.bulk_create(
        [
            JobEvent(
                job=job,
                provider_id=_short_id(event.id),
                at=event.at,
                level=event.level[:10],
                message=event.message.replace("\0", "\ufffd"),
                data=_finite(dict(event.data)) if event.data else None,
                raw=_finite(dict(event.raw)) if event.raw else None,
            )
            for event in report.events
        ],
        ignore_conflicts=True,
        batch_size=500,
    )
    JobMetric.objects.bulk_create(
        [
            # SQLite keeps no NaN. Infinity says the same of a loss: it is no number any more.
            JobMetric(job=job, step=p.step, name=p.name, value=math.inf if math.isnan(p.value) else p.value)
            for p in report.points
            if p.step <= LARGEST_STEP
        ],
        ignore_conflicts=True,
        batch_size=500,
    )
    Checkpoint.objects.bulk_create(
        [
            Checkpoint(
                job=job,
                provider_id=checkpoint.id[:200],
                step=checkpoint.step,
                model=checkpoint.model[:200],
                metrics={name: value for name, value in checkpoint.metrics.items() if math.isfinite(value)},
                at=checkpoint.at,
            )
            for checkpoint in report.checkpoints
            if 0 <= checkpoint.step <= LARGEST_STEP
        ],
        ignore_conflicts=True,
    )


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


def _move(job: Job, state: str, provider: Provider, report: Report, now: datetime) -> None:
    changes: dict[str, Any] = {}
    note = ""
    if job.started_at is None and state == lifecycle.RUNNING:
        changes["started_at"] = now
    if state in lifecycle.FINAL:
        # By our clock: the provider's may be hours off, and a job does not end before it was launched.
        changes["finished_at"] = min(now, max(report.finished_at or now, job.launched_at or now))
        changes["cancel_wanted"] = False
        changes["trained_tokens"] = report.trained_tokens
        changes |= _cost(job, provider, report.trained_tokens)
    if state == lifecycle.SUCCEEDED:
        changes["result_model"] = (report.model or "")[:200]
        note = "" if report.model else "no model named"
    if state == lifecycle.FAILED:
        says = report.error or Text("The provider gives no reason.")
        changes["error"] = error_row(ProviderError(Text("{says}", says=says), "request"))
    before = job.state
    if not Job.objects.move(job, state, note=note, **changes):
        return
    if state == lifecycle.SUCCEEDED and report.model:
        _register(job, report.model[:200])
    told(job, before, state)


def _cost(job: Job, provider: Provider, tokens: int | None) -> dict[str, Any]:
    """What the trained tokens cost, where the price of the base model is known."""
    base = next((model for model in provider.base_models if model.id == job.base_model), None)
    if tokens is None or base is None or not base.price_per_million:
        return {}
    cost = (Decimal(base.price_per_million) * tokens / 1_000_000).quantize(Decimal("0.0001"))
    return {"cost": cost, "currency": base.currency} if cost < MOST_COST else {}


def _register(job: Job, model: str) -> None:
    """The tuned model, under an alias that is free in the project."""
    stem = re.sub(r"[\s/@]+", "-", job.name).strip("-")[:90] or "model"
    taken = set(
        ModelVersion.objects.filter(project_id=job.project_id, alias__startswith=stem).values_list("alias", flat=True)
    )
    numbers = range(2, len(taken) + 3)
    alias = next(name for name in (stem, *(f"{stem}-{n}" for n in numbers)) if name not in taken)
    ModelVersion.objects.get_or_create(
        job=job,
        model=model,
        defaults={
            "project_id": job.project_id,
            "connection_id": job.connection_id,
            "alias": alias,
            "contract": job.contract,
        },
    )


def _finite(value: Any) -> Any:
    """The value with null for what is no number in JSON. A loss that is NaN is a figure, and kept there."""
    if isinstance(value, dict):
        return {name: _finite(one) for name, one in value.items()}
    if isinstance(value, list):
        return [_finite(one) for one in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _short_id(provider_id: str) -> str:
    """The provider's id, or what stands for one that is longer than the column."""
    return provider_id if len(provider_id) <= 100 else hashlib.sha256(provider_id.encode()).hexdigest()

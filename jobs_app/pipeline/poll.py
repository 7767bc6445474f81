"""Ask providers about live jobs. What a provider says settles what a job is; an answer that fails settles nothing."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import InterfaceError, OperationalError, transaction
from django.db.models import Count
from django.utils import timezone

from ftstudio.errors import StudioError, Text, Unavailable
from ftstudio.web.texts import to_line
from jobs_app.core import lifecycle
from jobs_app.core.pace import next_wait
from jobs_app.models import Connection, Job
from jobs_app.models.report import OURS
from jobs_app.providers.base import Provider, ProviderError, Report

from . import rates
from .clients import after_failure, held, jittered, lend
from .creating import LISTING_LAG
from .ledger import note
from .outcome import settle_report
from .report_rows import finite, store_rows
from .settle import BROKEN, end
from .telling import told

MISSING_TRIES = 8  # about a quarter of an hour of failures, the last two of them saying “no such job”
KNOWN_EVENTS = 200  # ids that are sent along, so that a late event with an old time is not stored twice
REQUESTS = 3  # that a poll makes as a rule: the job, its events, its checkpoints


def poll(job_id: UUID | str) -> None:
    """One short conversation with the provider about one job. An answer that fails never fails the job."""
    poll_all([job_id])


def poll_all(job_ids: Iterable[UUID | str], *, paid: bool = False) -> set[UUID]:
    """Ask about several jobs, one after another; the connections in which one has ended.

    `paid`: REQUESTS for each have been drawn from the connections' budgets; what was used more or less is settled here.
    Jobs for which there is no time left within a lease are given back, to be asked about by the next message.
    """
    ids = [str(job_id) for job_id in job_ids]
    desk, ended = _Desk(), set()
    until = time.monotonic() + settings.LEASE_SECONDS / 2
    try:
        for place, job_id in enumerate(ids):
            if time.monotonic() > until:
                Job.objects.to_poll().filter(pk__in=ids[place:]).update(next_poll_at=timezone.now())
                break
            if (job := _poll(job_id, desk)) is not None and job.state in lifecycle.FINAL:
                ended.add(job.connection_id)
    finally:
        desk.settle(len(ids) * REQUESTS if paid else 0)
    return ended


class _Desk:
    """What one round of polls shares: the rows of its connections, and what each has been asked."""

    def __init__(self) -> None:
        self._rows: dict[UUID, Connection] = {}
        self._before: dict[UUID, tuple[object, int]] = {}
        self._crowds: dict[UUID, float] = {}

    def connection(self, pk: UUID) -> Connection:
        if pk not in self._rows:
            self._rows[pk] = Connection.objects.select_related("project").get(pk=pk)
        return self._rows[pk]

    def provider(self, connection: Connection) -> Provider:
        lent = lend(connection)
        self._before.setdefault(connection.pk, (lent, lent.requests))
        return lent.provider

    def crowd(self, connection: Connection) -> float:
        """Seconds that it takes to ask once about every live job of the connection within its budget."""
        if connection.pk not in self._crowds:
            live = Job.objects.to_poll().filter(connection_id=connection.pk).aggregate(n=Count("pk"))["n"]
            self._crowds[connection.pk] = 60.0 * live * REQUESTS / rates.per_minute(connection)
        return self._crowds[connection.pk]

    def settle(self, drawn: int) -> None:
        for pk, (lent, before) in self._before.items():
            rates.spend(pk, lent.requests - before - drawn)  # type: ignore[attr-defined]
            drawn = 0


def _poll(job_id: str, desk: _Desk) -> Job | None:
    """The job as it is after the poll; None where it was not this worker's to ask about."""
    key = secrets.token_hex(16)
    if not Job.objects.to_poll().claim(job_id, key):
        return None
    job = Job.objects.get(pk=job_id)
    try:
        job.connection = connection = desk.connection(job.connection_id)
        job.project = connection.project
        if rates.why_shut(connection) is not None and connection.stopped != "quota":
            until = timezone.now() if connection.stopped else connection.quiet_until
            Job.objects.release(job.pk, key, next_poll_at=until)
            return None
        provider = desk.provider(connection)
        with held(job, key):
            if _ask_for_what_is_wanted(job, key, provider):
                return job
            theirs = job.events.exclude(provider_id__startswith=OURS).order_by("-id")
            known = list(theirs.values_list("provider_id", flat=True)[:KNOWN_EVENTS])
            report = provider.report(job.provider_job, after_event=known[0] if known else None, have=known)
        _store(job, key, provider, report, desk.crowd(connection))
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
    return job


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
        if refusal.kind == "missing" and job.state == lifecycle.CANCELLING and not _is_fresh(job):
            return end(job, key, lifecycle.CANCELLED, note=refusal.message)
        if refusal.kind not in ("conflict", "request"):
            raise
        if job.state == lifecycle.CANCELLING and refusal.kind == "request":
            text = Text("The provider does not cancel the job, which goes on and may cost money. {says}",
                        says=refusal.sentence)  # fmt: skip
            note(job, "cancel-refused", text, level="warning")
        # Too late or not possible: what the job is now, the report below says.
        Job.objects.renew(job.pk, key, cancel_wanted=False)
        if job.state == lifecycle.PAUSING:
            with transaction.atomic():
                if Job.objects.move(job, lifecycle.RUNNING, note=refusal.message):
                    told(job, lifecycle.PAUSING, lifecycle.RUNNING)
    return False


def _is_fresh(job: Job) -> bool:
    """Whether its provider may not know the job yet that it has just created: believed, it would train on unseen."""
    return job.create_tried_at is not None and timezone.now() < job.create_tried_at + LISTING_LAG


def _postpone(job: Job, key: str, refusal: StudioError) -> None:
    """Ask again later: the whole connection waits where the provider is busy, and for a person where it lets us in no
    longer; the job itself goes on."""
    failures = job.poll_failures + 1
    now, wait = timezone.now(), getattr(refusal, "retry_after", None)
    due = now + after_failure(failures, wait)
    if isinstance(refusal, ProviderError) and refusal.kind == "rate":
        job.connection.quiet_until = rates.silence(job.connection_id, wait)
        due = job.connection.quiet_until + jittered(2.0)
    elif isinstance(refusal, ProviderError) and refusal.kind == "auth":
        rates.stop(job.connection, refusal)
        due = now
    Job.objects.release(
        job.pk,
        key,
        polled_at=now,
        poll_failures=failures,
        poll_error=to_line(refusal.message, 300),
        next_poll_at=due,
    )


@transaction.atomic
def _store(job: Job, key: str, provider: Provider, report: Report, crowd: float) -> None:
    """Write the report. The lease is renewed first, which locks the row: a cancel waits, or has been before."""
    if not Job.objects.renew(job.pk, key):
        return
    job.refresh_from_db(fields=["state", "cancel_wanted"])
    now = timezone.now()
    store_rows(job, report)
    moved = settle_report(job, provider, report, now)
    Job.objects.release(
        job.pk,
        key,
        raw_state=report.raw_state[:60],
        raw=finite(dict(report.raw)) if report.raw else job.raw,
        polled_at=now,
        poll_failures=0,
        poll_error="",
        next_poll_at=None if job.state in lifecycle.FINAL else now + _wait(job, report, moved, now, crowd),
    )


def _wait(job: Job, report: Report, moved: bool, now: datetime, crowd: float) -> timedelta:
    changed = moved or bool(report.events)
    began = job.launched_at or job.created_at
    last = None if changed else job.events.order_by("-at").values_list("at", flat=True).first()
    finish = report.estimated_finish
    return jittered(
        next_wait(
            hint=report.next_poll_hint,
            age=max(0.0, (now - began).total_seconds()),
            quiet=0.0 if changed else max(0.0, (now - (last or began)).total_seconds()),
            changed=changed,
            finish_in=(finish - now).total_seconds() if finish else None,
            crowd=crowd,
        )
    )

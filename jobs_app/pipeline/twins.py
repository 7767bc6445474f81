"""A second job of one marker, which nobody would follow and everybody would pay for: looked for once it must be listed.

A worker that sleeps through its lease between intent and create may create after another one has, and be killed before
it can say so; a provider may list a create whose answer was lost only after the next one was made. So a job that was
created twice, or was given up after its create was asked for, says when its provider is to be looked through again
(`Job.twins_at`). What is found beside it is cancelled there, or told of, as a surplus job that is noticed at once is.
"""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.utils import timezone

from ftstudio.errors import StudioError, Text
from ftstudio.web.texts import from_line, to_line
from jobs_app.core import lifecycle
from jobs_app.models import Job
from jobs_app.providers import PROVIDERS
from jobs_app.providers.base import Provider, ProviderError

from . import rates
from .clients import jittered, lend
from .creating import LISTING_LAG, drop, is_surplus
from .ledger import files_of, note

AT_ONCE = 100
MOST = 5  # surplus jobs of one marker that are looked for in one go; more than two creates are never asked for
AGAIN = timedelta(hours=1)  # after the create, the second and last look: a laptop may have slept through the first
LONGEST = timedelta(days=1)  # for so long a list that cannot be read is asked for again
BUSY = 600.0  # seconds between two tries at a list that cannot be read


def due() -> list[UUID]:
    """The jobs whose providers should be looked through now."""
    rows = Job.objects.filter(rates.open_to_polls(), twins_at__lte=timezone.now()).order_by("twins_at")
    return list(rows.values_list("pk", flat=True)[:AT_ONCE])


def look_for_twins(job_id: UUID | str) -> None:
    """Look through the provider's jobs for others of this job's marker. Safe to call at any time, and twice."""
    job = Job.objects.select_related("connection").get(pk=job_id)
    now, seen = timezone.now(), job.twins_at
    claimed = now + timedelta(seconds=settings.LEASE_SECONDS)
    mine = Job.objects.filter(pk=job.pk, twins_at=seen)
    if seen is None or job.connection.kind not in PROVIDERS or mine.update(twins_at=claimed) != 1:
        return
    if not job.provider_job and job.state in lifecycle.LIVE:
        _next(job, now + LISTING_LAG)  # it is being brought there just now, and looked for on the way
        return
    try:
        lent = lend(job.connection)
        before = lent.requests
        try:
            _look(job, lent.provider)
        finally:
            rates.spend(job.connection_id, lent.requests - before)
    except StudioError as refusal:
        _again(job, refusal)
    else:
        last = (job.create_tried_at or now) + AGAIN
        _next(job, last if now < last else None)


def _look(job: Job, provider: Provider) -> None:
    known = {job.provider_job} if job.provider_job else set()
    for file in files_of(job):
        for _ in range(MOST):
            created = provider.find(job.marker, training_file=file, but=known)
            if created is None:
                break
            known.add(created.job_id)
            if is_surplus(job, created):
                drop(job, created, provider)


def _again(job: Job, refusal: StudioError) -> None:
    """Later; after a day a person is told what could not be looked for."""
    now = timezone.now()
    if isinstance(refusal, ProviderError) and refusal.kind == "rate":
        rates.silence(job.connection_id, refusal.retry_after)
    if now < (job.create_tried_at or job.finished_at or now) + LONGEST:
        _next(job, now + jittered(BUSY))
        return
    text = Text(
        "Whether the provider has a second job of the marker {marker} could not be found out. Look for it in the "
        "provider's console. {says}",
        marker=job.marker,
        says=from_line(to_line(refusal.message, 300)),
    )
    note(job, "twins-unknown", text, level="warning")
    _next(job, None)


def _next(job: Job, at: object) -> None:
    Job.objects.filter(pk=job.pk).update(twins_at=at)

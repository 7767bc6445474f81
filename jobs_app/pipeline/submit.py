"""Bring a launched job to its provider: write the files, upload them, create the job; each step paid for once.

Whatever kills the worker, the next one reads from the row how far it came. A file that was uploaded is not uploaded
again. A create that was begun is looked for by its marker before it is repeated (`creating`), and repeated only when
the provider has had time to list it, with files uploaded anew, and only once. Whoever has to wait lets go of the job
and writes down until when (`next_poll_at`); the sweep finds it then.
"""

from __future__ import annotations

import logging
import secrets
from datetime import datetime, timedelta
from uuid import UUID

from django.db import InterfaceError, OperationalError
from django.utils import timezone

from ftstudio.errors import StudioError, Unavailable
from ftstudio.web.texts import to_line
from jobs_app.core import lifecycle
from jobs_app.models import Job
from jobs_app.providers.base import Provider, ProviderError

from . import queue, rates, sending
from .clients import after_failure, client_of, held, jittered
from .creating import adopt, create, create_again, look
from .ledger import note
from .manual import hand_over
from .settle import BROKEN, Lost, Wait, end

logger = logging.getLogger(__name__)


def submit(job_id: UUID | str) -> None:
    """Carry a launched job to the point where its provider knows it. Safe to call at any time, any number of times."""
    key = secrets.token_hex(16)
    if not Job.objects.to_submit().claim(job_id, key):
        return
    # The credential is read, and may fail to open, only where a refusal is written down.
    hidden = ("connection__credential", "connection__secrets", "connection__webhook_secret")
    job = Job.objects.select_related("connection", "snapshot__dataset", "after").defer(*hidden).get(pk=job_id)
    try:
        if job.state == lifecycle.CANCELLING and not job.create_tries:
            end(job, key, lifecycle.CANCELLED)
            return
        if not _may_go(job, key):
            return
        with held(job, key):
            _work(job, key)
    except Lost:
        _let_go(job, key)
    except Wait as wait:
        Job.objects.release(job.pk, key, poll_failures=0, poll_error="", next_poll_at=wait.until)
    except ProviderError as refusal:
        _refused(job, key, refusal)
    except StudioError as refusal:
        _broken_off(job, key, refusal)
    except (OperationalError, InterfaceError):
        raise  # the database is away or busy: nothing can be written, the next sweep takes the job up
    except Exception:
        _broken_off(job, key, Unavailable(BROKEN))
        raise


def _may_go(job: Job, key: str) -> bool:
    """Whether work on the job may begin or go on now; else it is let go of, and found again when it may."""
    if job.is_waiting and job.after is not None and job.after.is_final:
        queue.base_of(job)  # a predecessor that has failed it ends the job, whatever else it waits for
    if rates.why_shut(job.connection) is not None:
        stopped = bool(job.connection.stopped)
        until = timezone.now() if stopped else job.connection.quiet_until
        return not Job.objects.release(job.pk, key, next_poll_at=until)
    if job.is_waiting and (queue.blocked(job) or not queue.begin(job, key)):
        # Whatever it waits for, `queue.next_up` knows when it is over.
        return not Job.objects.release(job.pk, key, next_poll_at=None)
    return True


def _work(job: Job, key: str) -> None:
    sent = 0

    def count() -> None:
        nonlocal sent
        sent += 1

    provider = client_of(job.connection, on_request=count)
    try:
        if provider.manual:
            hand_over(job, key, provider)
        else:
            _steps(job, key, provider)
    finally:
        provider.close()
        rates.spend(job.connection_id, sent)


def _steps(job: Job, key: str, provider: Provider) -> None:
    created = None
    if job.create_tried_at is not None and (created := look(job, provider)) is None:
        create_again(job, key)
    if created is None:
        sending.send_files(job, key, provider)
        created = create(job, key, provider)
    adopt(job, created, provider)
    Job.objects.release(job.pk, key)


def _broken_off(job: Job, key: str, refusal: StudioError) -> None:
    """End the job, unless the provider may have it: then it is asked about until somebody knows."""
    job.refresh_from_db(fields=["create_tried_at"])
    if job.create_tried_at is None:
        end(job, key, lifecycle.FAILED, error=refusal)
    else:
        _postpone(job, key, refusal)


def _let_go(job: Job, key: str) -> None:
    """Leave the job to whoever has it now; a job that was cancelled before its create has simply ended."""
    job.refresh_from_db(fields=["state", "create_tries"])
    if job.state == lifecycle.CANCELLING and not job.create_tries:
        end(job, key, lifecycle.CANCELLED)
    Job.objects.release(job.pk, key)


def _refused(job: Job, key: str, refusal: ProviderError) -> None:
    """What the provider's refusal means: wait, stop the whole connection, or the job has failed in its words."""
    raw = {"kind": refusal.kind, "retry_after": refusal.retry_after}
    if job.poll_error != to_line(refusal.message, 300):  # said once, not at each of many tries
        note(job, f"refused-{key[:12]}", refusal.sentence, level="warning", raw=raw)
    if refusal.kind in ("auth", "quota"):
        rates.stop(job.connection, refusal)
        _postpone(job, key, refusal, timezone.now())
    elif refusal.kind == "rate":
        until = rates.silence(job.connection_id, refusal.retry_after)
        _postpone(job, key, refusal, until + jittered(2.0))
    elif refusal.kind == "daily":
        _postpone(job, key, refusal, tomorrow(refusal.retry_after))
    elif refusal.transient or refusal.kind in ("unknown-outcome", "conflict"):
        _postpone(job, key, refusal)
    else:
        # A cancelled job whose create is refused has ended as the person wanted.
        cancelled = Job.objects.filter(pk=job.pk, cancel_wanted=True).exists()
        end(job, key, lifecycle.CANCELLED if cancelled else lifecycle.FAILED, error=None if cancelled else refusal)


def tomorrow(retry_after: float | None) -> datetime:
    """When a day's share is tried again: soon after midnight (UTC), where most count from, and never sooner than the
    refusal asks for."""
    now = timezone.now()
    midnight = (now + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    return max(midnight, now + timedelta(seconds=retry_after or 0.0)) + jittered(600.0)


def _postpone(job: Job, key: str, refusal: StudioError, until: datetime | None = None) -> None:
    failures = job.poll_failures + 1
    Job.objects.release(
        job.pk,
        key,
        poll_failures=failures,
        poll_error=to_line(refusal.message, 300),
        next_poll_at=until or timezone.now() + after_failure(failures, getattr(refusal, "retry_after", None)),
    )

"""“Try again”: what a person expects of it depends on how the job stands."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from ftstudio.accounts.models import AuditEntry, User
from ftstudio.accounts.policy import require
from ftstudio.errors import Conflict
from ftstudio.queue import enqueue
from jobs_app.core import lifecycle
from jobs_app.models import Job
from jobs_app.tasks import poll_job, submit_job

from . import connections
from .jobs import clone

ENDED_BADLY = (lifecycle.FAILED, lifecycle.CANCELLED)


def can_retry(job: Job) -> bool:
    """Whether “try again” means anything for the job."""
    return job.state in ENDED_BADLY or (job.state in lifecycle.LIVE and (bool(job.connection.stopped) or _rests(job)))


def retry(*, actor: User, job: Job) -> Job:
    """The job to look at afterwards: this one where it goes on, a draft where it has ended.

    A job that has ended badly stays as it is, for the record; a linked draft with the same data, settings, answers and
    waivers waits to be launched, because launching may cost money and something should be different this time. A live
    job goes on: its connection is opened again, or what rests after an error is tried now. Raises Conflict for a job
    that has succeeded or that nothing holds up.
    """
    if job.state in ENDED_BADLY:
        with transaction.atomic():
            twin = clone(actor=actor, job=job, answers=job.answers or None)
            twin.codec, twin.train_percent, twin.waivers = job.codec, job.train_percent, job.waivers
            twin.save(update_fields=["codec", "train_percent", "waivers"])
        return twin
    require(actor, job.project_id, "jobs.resume")
    if not can_retry(job):
        raise Conflict(_("Nothing holds this job up."))
    if job.connection.stopped:
        connections.resume(actor=actor, connection=job.connection)
    with transaction.atomic():
        Job.objects.live().filter(pk=job.pk).update(next_poll_at=timezone.now())
        AuditEntry.objects.record(actor=actor, verb="jobs.retry", target=job, project=job.project)
        enqueue(poll_job if job.provider_job else submit_job, job.pk)
    return job


def _rests(job: Job) -> bool:
    return bool(job.poll_error) and job.next_poll_at is not None and job.next_poll_at > timezone.now()

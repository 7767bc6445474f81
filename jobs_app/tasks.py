"""What a worker is told about jobs: an id in, one stage of the pipeline called. Beat finds again what was lost."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.db.models import Q
from django.utils import timezone

from ftstudio.celery import app
from ftstudio.queue import enqueue
from jobs_app.models import Delivery, Job
from jobs_app.pipeline.deliver import deliver
from jobs_app.pipeline.poll import poll
from jobs_app.pipeline.submit import submit

AT_ONCE = 200


@app.task
def submit_job(job_id: str) -> None:
    submit(job_id)


@app.task
def poll_job(job_id: str) -> None:
    poll(job_id)


@app.task
def poll_due() -> None:
    """Send out the polls whose time has come."""
    for job in Job.objects.to_poll().due().abandoned().order_by("next_poll_at")[:AT_ONCE]:
        if _ours(job):
            enqueue(poll_job, job.pk)


@app.task
def sweep() -> None:
    """Take up launched jobs that no worker is bringing to their provider."""
    waiting = Q(next_poll_at=None) | Q(next_poll_at__lte=timezone.now())
    for job in Job.objects.to_submit().abandoned().filter(waiting).order_by("launched_at")[:AT_ONCE]:
        if _ours(job):
            enqueue(submit_job, job.pk)


@app.task
def deliver_hook(delivery_id: str) -> None:
    deliver(delivery_id)


@app.task
def deliver_due() -> None:
    """Send what waits for hooks. A message that two workers are told of is claimed by one."""
    due = Delivery.objects.filter(state="waiting", next_try_at__lte=timezone.now(), hook__active=True)
    later = timezone.now() + timedelta(seconds=settings.LEASE_SECONDS)
    for pk, at in due.abandoned().order_by("next_try_at").values_list("pk", "next_try_at")[:AT_ONCE]:
        if Delivery.objects.filter(pk=pk, state="waiting", next_try_at=at).update(next_try_at=later):
            enqueue(deliver_hook, pk)


def _ours(job: Job) -> bool:
    """Move the job's time on, so that the next beat does not send a second message while the first one waits."""
    later = timezone.now() + timedelta(seconds=settings.LEASE_SECONDS)
    return Job.objects.filter(pk=job.pk, next_poll_at=job.next_poll_at).update(next_poll_at=later) == 1

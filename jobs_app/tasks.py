"""What a worker is told about jobs: an id in, one stage of the pipeline called. Beat finds again what was lost."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.db.models import Q
from django.utils import timezone

from ftstudio.celery import app
from ftstudio.queue import enqueue
from jobs_app.core import lifecycle
from jobs_app.models import Arm, Delivery, Inspection, Job, Receipt, Synthesis
from jobs_app.pipeline import closing, queue, rates, serving, twins
from jobs_app.pipeline.deliver import deliver
from jobs_app.pipeline.due_polls import due_polls
from jobs_app.pipeline.evaluate import run as ask_arm
from jobs_app.pipeline.inspect_snapshot import inspect_snapshot
from jobs_app.pipeline.poll import poll_all
from jobs_app.pipeline.read_models import due as models_due
from jobs_app.pipeline.read_models import read_models
from jobs_app.pipeline.submit import submit
from jobs_app.pipeline.synthesise import run as run_synthesis

AT_ONCE = 200
RECEIPTS_KEPT = timedelta(days=3)  # a webhook that old is refused for its age


@app.task
def submit_job(job_id: str) -> None:
    submit(job_id)


@app.task
def poll_job(job_id: str) -> None:
    """Ask about one job now, because somebody wants to know."""
    _go_on(poll_all([job_id]))


@app.task
def poll_jobs(*job_ids: str) -> None:
    """Ask about jobs of one connection whose requests have been drawn from its budget."""
    _go_on(poll_all(job_ids, paid=True))


@app.task
def poll_due() -> None:
    """Send out the polls whose time has come, as many as each connection's budget bears; the rest comes next time."""
    for batch in due_polls():
        enqueue(poll_jobs, *batch)


@app.task
def look_at_model(version_id: str) -> None:
    serving.look(version_id)


@app.task
def look_for_twins(job_id: str) -> None:
    twins.look_for_twins(job_id)


@app.task
def sweep() -> None:
    """Take up launched jobs that no worker is bringing to their provider, and evaluations that nobody carries on."""
    # A job that was cancelled before its create needs nobody's answer to end.
    may_go = rates.open_to_submits() | Q(state=lifecycle.CANCELLING, create_tries=0)
    begun = Job.objects.to_submit().abandoned().exclude(pk__in=Job.objects.waiting()).filter(may_go)
    waiting = Q(next_poll_at=None) | Q(next_poll_at__lte=timezone.now())
    for job in begun.filter(waiting).order_by("launched_at")[:AT_ONCE]:
        if _ours(job):
            enqueue(submit_job, job.pk)
    for pk in queue.next_up()[:AT_ONCE]:
        enqueue(submit_job, pk)
    for pk in serving.due():
        enqueue(look_at_model, pk)
    for pk in twins.due():
        enqueue(look_for_twins, pk)
    Receipt.objects.filter(received_at__lt=timezone.now() - RECEIPTS_KEPT).delete()
    arms = Arm.objects.unfinished().abandoned().exclude(next_at__gt=timezone.now())
    for pk in arms.order_by("created_at").values_list("pk", flat=True)[:AT_ONCE]:
        enqueue(run_arm, pk)
    for pk in closing.to_close().order_by("created_at").values_list("pk", flat=True)[:AT_ONCE]:
        enqueue(close_evaluation, pk)
    syntheses = Synthesis.objects.unfinished().abandoned().exclude(next_at__gt=timezone.now())
    for pk in syntheses.order_by("created_at").values_list("pk", flat=True)[:AT_ONCE]:
        enqueue(synthesise, pk)
    for pk in Inspection.objects.unfinished().abandoned().order_by("asked_at").values_list("pk", flat=True)[:AT_ONCE]:
        enqueue(inspect, pk)


@app.task
def inspect(inspection_id: str) -> None:
    inspect_snapshot(inspection_id)


@app.task
def run_arm(arm_id: str) -> None:
    """Ask the next cases of an arm of an evaluation; the rest when other work has had its turn."""
    if ask_arm(arm_id):
        enqueue(run_arm, arm_id)


@app.task
def close_evaluation(evaluation_id: str) -> None:
    closing.close(evaluation_id)


@app.task
def synthesise(synthesis_id: str) -> None:
    """Ask for the next candidates of a synthesis; the rest when other work has had its turn."""
    if run_synthesis(synthesis_id):
        enqueue(synthesise, synthesis_id)


@app.task
def read_models_of(connection_id: str) -> None:
    read_models(connection_id)


@app.task
def read_lists_of_models() -> None:
    """Once a day each account is asked which models it lists, and until when."""
    for pk in models_due():
        enqueue(read_models_of, pk)


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


def _go_on(ended: set[UUID]) -> None:
    """Where jobs have ended, others of their connection may begin."""
    if ended:
        for pk in queue.next_up(ended):
            enqueue(submit_job, pk)


def _ours(job: Job) -> bool:
    """Move the job's time on, so that the next beat does not send a second message while the first one waits."""
    later = timezone.now() + timedelta(seconds=settings.LEASE_SECONDS)
    return Job.objects.filter(pk=job.pk, next_poll_at=job.next_poll_at).update(next_poll_at=later) == 1

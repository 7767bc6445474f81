"""What a person may ask of the queue of a connection: the order, a time before which a job is held, whom it follows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Count
from django.utils import timezone
from django.utils.translation import gettext as _

from datasets_app.pipeline.lock_order import hold as lock
from ftstudio.accounts.models import AuditEntry, User
from ftstudio.accounts.policy import require
from ftstudio.errors import Conflict, InvalidInput, Text
from ftstudio.queue import enqueue
from ftstudio.web.texts import from_line
from jobs_app.core import lifecycle
from jobs_app.models import Connection, Job
from jobs_app.pipeline.outcome import first_base
from jobs_app.pipeline.queue import ORDER, limit_of, next_up
from jobs_app.pipeline.rates import why_shut
from jobs_app.tasks import submit_job

FOR_GOOD = datetime(9999, 12, 31, tzinfo=UTC)  # held until somebody releases it


def line_of(connection: Connection) -> list[Job]:
    """The connection's waiting jobs in the order in which they go."""
    return list(Job.objects.waiting().filter(connection=connection).order_by(*ORDER))


@transaction.atomic
def move(*, actor: User, job: Job, before: Job | None = None, after: Job | None = None) -> Job:
    """Put a waiting job right before or right after another one of its connection; without either, to the front.

    Raises Conflict once one of them has begun.
    """
    require(actor, job.project_id, "jobs.queue")
    if before is not None and after is not None:
        raise InvalidInput(after=_("Before one job or after one job, not both."))
    lock(Connection.objects.filter(pk=job.connection_id))
    line = [one for one in line_of(job.connection) if one.pk != job.pk]
    if not Job.objects.waiting().filter(pk=job.pk).exists():
        raise Conflict(_("This job waits no longer: it has begun, or it has ended."))
    if (other := before or after) is None:
        place = 0
    else:
        places = {one.pk: place for place, one in enumerate(line)}
        if other.pk not in places:
            raise Conflict(_("The other job does not wait in the queue of the same connection (any more)."))
        place = places[other.pk] + (after is not None)
    line.insert(place, job)
    for rank, one in enumerate(line, 1):
        if one.rank != rank:
            Job.objects.filter(pk=one.pk).update(rank=rank)
    job.rank = place + 1
    AuditEntry.objects.record(actor=actor, verb="jobs.move", target=job, project=job.project, place=place + 1)
    _take_up(job)
    return job


@transaction.atomic
def hold(*, actor: User, job: Job, until: datetime | None = None) -> Job:
    """Keep a draft or a waiting job from beginning before `until`; None: until somebody releases it."""
    require(actor, job.project_id, "jobs.queue")
    if until is not None and until <= timezone.now():
        raise InvalidInput(until=_("Choose a time that is still to come."))
    return _hold(actor, job, min(until, FOR_GOOD) if until else FOR_GOOD, "jobs.hold")


@transaction.atomic
def release(*, actor: User, job: Job) -> Job:
    """Let a held job begin as soon as its turn has come."""
    require(actor, job.project_id, "jobs.queue")
    if job.hold_until is None:
        raise Conflict(_("This job is not held."))
    return _hold(actor, job, None, "jobs.release")


@transaction.atomic
def follow(*, actor: User, job: Job, after: Job | None = None, step: int | None = None) -> Job:
    """Have a draft or a waiting job go on from the model of another one, or from its checkpoint at `step`.

    It begins when the other has succeeded, and fails when that ends without a model. None: it stands by itself.
    """
    require(actor, job.project_id, "jobs.queue")
    if after is not None:
        # Two people who let two jobs follow each other at once would close a circle: one of them waits here.
        lock(Connection.objects.filter(pk=job.connection_id))
        after = Job.objects.select_related("connection").get(pk=after.pk)
        if after.connection_id != job.connection_id:
            raise InvalidInput(after=_("A tuned model is known to its own account only: choose the same connection."))
        if job.pk in _chain(after):
            raise InvalidInput(after=_("The other job waits for this one, directly or by way of others."))
        if after.state in (lifecycle.FAILED, lifecycle.CANCELLED):
            raise InvalidInput(after=_("The other job has ended without a model."))
    if after is not None and step is not None and not 0 <= step < 2**31:
        raise InvalidInput(step=_("Give the step of a checkpoint."))
    changes: dict[str, Any] = {"after": after, "after_step": step if after is not None else None}
    if after is not None:
        changes["base_model"] = first_base(after)  # until its own is known; it also says what the training costs
        if not job.is_draft and changes["base_model"] != job.base_model:
            raise InvalidInput(
                after=_("The other job trains another base model than this one was launched, and its cost told, for.")
            )
    if not _still().filter(pk=job.pk).update(**changes):
        raise Conflict(_("This job waits no longer: it has begun, or it has ended."))
    for name, value in changes.items():
        setattr(job, name, value)
    AuditEntry.objects.record(
        actor=actor, verb="jobs.follow", target=job, project=job.project, after=str(after.pk) if after else None
    )
    _take_up(job)
    return job


def may_follow(job: Job) -> Any:
    """The jobs from whose model this one could go on: of its account, not ended without one, not waiting for it."""
    rows = Job.objects.filter(connection_id=job.connection_id).exclude(pk=job.pk).exclude(after_id=job.pk)
    rows = rows.exclude(state__in=(lifecycle.DRAFT, lifecycle.FAILED, lifecycle.CANCELLED))
    return rows.only("pk", "name", "state").order_by("-created_at")


def waiting_reason(job: Job) -> Text | None:
    """Why a launched job has not reached its provider yet; None where it waits for nothing."""
    return waiting_reasons([job]).get(job.pk)


def waiting_reasons(jobs: Iterable[Job]) -> dict[UUID, Text]:
    """The same for many, with a fixed number of queries. Jobs with their connection, and best with `after`."""
    launched = [job for job in jobs if not job.provider_job and job.state in (lifecycle.QUEUED, lifecycle.UPLOADING)]
    if not launched:
        return {}
    ids = {job.connection_id for job in launched}
    taken = dict(
        Job.objects.occupying().filter(connection__in=ids).values_list("connection").annotate(n=Count("pk")).order_by()
    )
    lines: dict[UUID, list[UUID]] = defaultdict(list)
    rows = Job.objects.waiting().filter(connection__in=ids).order_by(*ORDER)
    for pk, connection_id in rows.values_list("pk", "connection_id"):
        lines[connection_id].append(pk)
    return {job.pk: _reason(job, taken.get(job.connection_id, 0), lines[job.connection_id]) for job in launched}


def _reason(job: Job, taken: int, line: list[UUID]) -> Text:
    now = timezone.now()
    if job.is_waiting and job.hold_until is not None and job.hold_until > now:
        if job.hold_until >= FOR_GOOD:
            return Text("Somebody holds it. It waits until it is released.")
        return Text("It is held until {time}.", time=_time(job.hold_until))
    if job.is_waiting and job.after is not None and job.after.state in (lifecycle.FAILED, lifecycle.CANCELLED):
        return Text("It was to go on from the model of “{name}”, which ended without one.", name=job.after.name)
    if job.is_waiting and job.after is not None and job.after.state == lifecycle.DRAFT:
        return Text("It goes on from the model of “{name}”, which has not been launched yet.", name=job.after.name)
    if job.is_waiting and job.after is not None and job.after.state != lifecycle.SUCCEEDED:
        return Text("It goes on from the model of “{name}” and waits for that job.", name=job.after.name)
    if (shut := why_shut(job.connection)) is not None:
        return shut
    limit = limit_of(job.connection)
    if job.is_waiting:
        ahead = line.index(job.pk) if job.pk in line else 0
        if limit is not None and taken + ahead >= limit:
            return Text(
                "{taken} of {limit} places of this connection are taken, and {ahead} jobs are before it.",
                taken=taken, limit=limit, ahead=ahead,
            )  # fmt: skip
        return Text("It begins in a moment.")
    if job.poll_error and job.next_poll_at is not None and job.next_poll_at > now:
        return Text("It is tried again at {time}. {says}", time=_time(job.next_poll_at), says=from_line(job.poll_error))
    if job.create_tried_at is not None:
        return Text("We do not know yet whether the provider has created it, and look for it before anything else.")
    if job.training_file:
        return Text("The provider is still checking the files.")
    return Text("Its files are on their way to the provider.")


def _time(moment: datetime) -> str:
    local = timezone.localtime(moment)
    return f"{local:%H:%M}" if local.date() == timezone.localdate() else f"{local:%Y-%m-%d %H:%M}"


def _still() -> Any:
    """Drafts and jobs that wait: what a person may still arrange."""
    return Job.objects.filter(state=lifecycle.DRAFT) | Job.objects.waiting()


def _hold(actor: User, job: Job, until: datetime | None, verb: str) -> Job:
    if not _still().filter(pk=job.pk).update(hold_until=until):
        raise Conflict(_("This job waits no longer: it has begun, or it has ended."))
    job.hold_until = until
    AuditEntry.objects.record(
        actor=actor, verb=verb, target=job, project=job.project, until=until.isoformat() if until else None
    )
    _take_up(job)
    return job


def _take_up(job: Job) -> None:
    """Whose turn it is may have changed."""
    for pk in next_up([job.connection_id]):
        enqueue(submit_job, pk)


def _chain(job: Job) -> set[UUID]:
    """The job and all those that it follows."""
    found = {job.pk}
    while job.after is not None and job.after.pk not in found:
        job = job.after
        found.add(job.pk)
    return found

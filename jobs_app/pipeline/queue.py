"""Which of a connection's launched jobs may begin: in their order, as many at once as the connection bears."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Max, Q
from django.utils import timezone

from datasets_app.pipeline.lock_order import hold
from ftstudio.errors import Conflict, Text
from jobs_app.core import lifecycle
from jobs_app.models import Connection, Job
from jobs_app.providers import PROVIDERS

from .rates import open_to_submits
from .telling import told

ORDER = ("rank", "launched_at", "pk")


def limit_of(connection: Connection) -> int | None:
    """How many of the connection's jobs go at once; None: as many as there are."""
    provider = PROVIDERS.get(connection.kind)
    return connection.concurrency or (provider.concurrency if provider else None)


def last_rank(connection: Connection) -> float:
    """The rank of whoever stands last in the connection's queue."""
    last: float | None = Job.objects.waiting().filter(connection=connection).aggregate(last=Max("rank"))["last"]
    return last or 0.0


def ready() -> Q:
    """Waiting jobs that nothing but a slot keeps from beginning."""
    free = Q(hold_until=None) | Q(hold_until__lte=timezone.now())
    return free & (Q(after=None) | Q(after__state=lifecycle.SUCCEEDED))


def ahead_of(job: Job) -> Any:
    """The ready jobs of the same connection that come before this one."""
    earlier = (
        Q(rank__lt=job.rank)
        | Q(rank=job.rank, launched_at__lt=job.launched_at)
        | Q(rank=job.rank, launched_at=job.launched_at, pk__lt=job.pk)
    )
    return Job.objects.waiting().filter(ready(), earlier, connection_id=job.connection_id)


def next_up(connections: Iterable[UUID] | None = None) -> list[UUID]:
    """The waiting jobs that should be taken up now: those with a slot, and those whose predecessor has failed them."""
    waiting = Job.objects.waiting().abandoned()
    if connections is not None:
        waiting = waiting.filter(connection__in=list(connections))
    lost = Q(after__state__in=(lifecycle.FAILED, lifecycle.CANCELLED))  # ended without a word to the provider
    found: list[UUID] = list(waiting.filter(lost).values_list("pk", flat=True))
    rows = waiting.filter(ready(), open_to_submits()).order_by("connection_id", *ORDER)
    by_connection: dict[UUID, list[UUID]] = {}
    for pk, connection_id in rows.values_list("pk", "connection_id"):
        by_connection.setdefault(connection_id, []).append(pk)
    for connection in Connection.objects.filter(pk__in=by_connection).defer("credential", "secrets"):
        limit, mine = limit_of(connection), by_connection[connection.pk]
        if limit is not None:
            taken = Job.objects.occupying().filter(connection=connection).count()
            mine = mine[: max(0, limit - taken)]
        found += mine
    return found


def blocked(job: Job) -> bool:
    """Whether something else than a slot keeps the job from beginning."""
    return not Job.objects.waiting().filter(ready(), pk=job.pk).exists()


@transaction.atomic
def begin(job: Job, key: str) -> bool:
    """Move a waiting job on if a slot is free and nobody is before it; its predecessor's model becomes its base model.

    Who begins a job holds the connection's row, so that two workers never begin more than there are slots.
    """
    hold(Connection.objects.filter(pk=job.connection_id))  # before the job's row, as `services.queue.move` does
    if not Job.objects.renew(job.pk, key):
        return False
    limit = limit_of(job.connection)
    if limit is not None:
        taken = Job.objects.occupying().filter(connection_id=job.connection_id).count()
        if taken + ahead_of(job).count() >= limit:
            return False
    changes = {"base_model": base_of(job)} if job.after_id else {}
    moved = Job.objects.move(job, lifecycle.UPLOADING, **changes)
    if moved:
        told(job, lifecycle.QUEUED, lifecycle.UPLOADING)
    return moved


def base_of(job: Job) -> str:
    """The model that a following job goes on from. Raises Conflict if its predecessor leaves none."""
    before = job.after
    if before is None:
        return job.base_model
    if before.state in (lifecycle.FAILED, lifecycle.CANCELLED):
        raise Conflict(
            Text("This job was to go on from the model of “{name}”, which ended without one.", name=before.name)
        )
    model = before.result_model
    if job.after_step is not None:
        model = before.checkpoints.filter(step=job.after_step).values_list("model", flat=True).first() or ""
        if not model:
            raise Conflict(
                Text(
                    "This job was to go on from the checkpoint at step {step} of “{name}”, which there is not.",
                    step=job.after_step,
                    name=before.name,
                )
            )
    if not model:
        raise Conflict(Text("This job was to go on from the model of “{name}”, which named none.", name=before.name))
    return model

"""The queues of a project: what waits for which connection, in which order, and why. Read only."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Count, Q
from django.utils import timezone

from ftstudio.accounts.models import Project, User
from ftstudio.errors import Text
from jobs_app.models import Connection, Job
from jobs_app.pipeline.queue import ORDER, limit_of

from . import boards, queue

MOST = 100


@dataclass(frozen=True, slots=True)
class Place:
    """One waiting job; `before` and `after` are its neighbours, which it can change places with."""

    job: Job
    why: Text | None
    before: Job | None
    after: Job | None
    held: bool


@dataclass(frozen=True, slots=True)
class Queue:
    """A connection and its waiting jobs in order, and how many `more` wait behind them. `taken` of `limit` slots are in
    use; None: there is no limit."""

    connection: Connection
    taken: int
    limit: int | None
    places: list[Place]
    more: int = 0


def of(user: User, project: Project) -> list[Queue]:
    """Every connection with jobs that wait, and those that are stopped. A hundred jobs at most, seven queries."""
    all_waiting = Job.objects.visible_to(user).filter(project=project, pk__in=Job.objects.waiting().values("pk"))
    waits = dict(all_waiting.order_by().values_list("connection").annotate(n=Count("pk")))
    mine = boards.with_names(Job.objects.visible_to(user).filter(project=project))
    waiting = list(mine.filter(pk__in=Job.objects.waiting().values("pk")).order_by("connection_id", *ORDER)[:MOST])
    reasons = queue.waiting_reasons(waiting)
    by_connection: dict[UUID, list[Job]] = defaultdict(list)
    for job in waiting:
        by_connection[job.connection_id].append(job)
    taken = dict(
        Job.objects.occupying().filter(project=project).order_by().values_list("connection").annotate(n=Count("pk"))
    )
    rows = Connection.objects.filter(Q(pk__in=waits) | ~Q(stopped=""), project=project)
    now = timezone.now()
    found = []
    for connection in rows.defer("credential", "secrets", "webhook_secret"):
        line = by_connection.get(connection.pk, [])
        places = [
            Place(
                job,
                reasons.get(job.pk),
                line[place - 1] if place else None,
                line[place + 1] if place + 1 < len(line) else None,
                job.hold_until is not None and job.hold_until > now,
            )
            for place, job in enumerate(line)
        ]
        more = max(0, waits.get(connection.pk, 0) - len(places))
        found.append(Queue(connection, taken.get(connection.pk, 0), limit_of(connection), places, more))
    return found

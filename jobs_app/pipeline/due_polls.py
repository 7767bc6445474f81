"""Which jobs are asked about next: oldest due first, each connection within its budget, one after the other."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import timedelta
from itertools import zip_longest
from uuid import UUID

from django.conf import settings
from django.utils import timezone

from jobs_app.models import Job

from .poll import REQUESTS
from .rates import draw, open_to_polls

LOOKED_AT = 2000  # due jobs that one beat looks at
BATCH = 20  # jobs of one connection in one message


def due_polls() -> Iterator[list[UUID]]:
    """Batches of jobs to ask about now, claimed so that the next beat does not send them again while they wait."""
    now = timezone.now()
    rows = Job.objects.to_poll().filter(open_to_polls(), next_poll_at__lte=now).abandoned().order_by("next_poll_at")
    by_connection: dict[UUID, list[UUID]] = defaultdict(list)
    for pk, connection_id in rows.values_list("pk", "connection_id")[:LOOKED_AT]:
        by_connection[connection_id].append(pk)
    batches = [list(_batches(connection_id, jobs)) for connection_id, jobs in by_connection.items()]
    later = now + timedelta(seconds=settings.LEASE_SECONDS)
    for turn in zip_longest(*batches):
        for batch in turn:
            if batch and Job.objects.filter(pk__in=batch, next_poll_at__lte=now).update(next_poll_at=later):
                yield batch


def _batches(connection_id: UUID, jobs: list[UUID]) -> Iterator[list[UUID]]:
    fit = draw(connection_id, len(jobs) * REQUESTS, at_once=REQUESTS) // REQUESTS
    for start in range(0, fit, BATCH):
        yield jobs[start : min(start + BATCH, fit)]

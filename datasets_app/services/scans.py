"""Looking over a whole dataset: asking for it, and what the newest look found."""

from __future__ import annotations

from django.db import transaction

from datasets_app import tasks
from datasets_app.models import Dataset, Scan
from datasets_app.models.scan import ScanState
from datasets_app.pipeline.attempts import past_deadlocks
from datasets_app.pipeline.scan import ask, is_stale
from ftstudio.accounts.models import AuditEntry, User
from ftstudio.accounts.policy import require
from ftstudio.errors import Conflict, Text
from ftstudio.queue import enqueue

__all__ = ["is_stale", "newest", "request", "waiting_or_running"]


def request(*, actor: User | None, dataset: Dataset) -> Scan:
    """Have the dataset scanned by a worker: at most one scan waits, and asking again gives that one.

    `actor` None is the system itself. Raises Conflict `empty` for a dataset without samples.
    """
    if actor is not None:
        require(actor, dataset.project_id, "scans.request")
    if not dataset.samples_total:
        raise Conflict(Text("This dataset has no samples yet: import some first."), code="empty")

    @transaction.atomic
    def write() -> Scan:
        scan = Scan.objects.get(pk=ask(dataset.pk, by=actor))
        if actor is not None:
            AuditEntry.objects.record(actor=actor, verb="scans.request", target=scan, project=dataset.project)
        enqueue(tasks.scan_dataset, scan.pk)
        return scan

    return past_deadlocks(write, in_turn=False)


def newest(dataset: Dataset) -> Scan | None:
    """The last scan that was carried out."""
    return Scan.objects.filter(dataset=dataset, state=ScanState.DONE).order_by("-finished_at").first()


def waiting_or_running(dataset: Dataset) -> Scan | None:
    """The scan that is under way, or else the one that waits."""
    return Scan.objects.unfinished().filter(dataset=dataset).order_by("state", "created_at").first()

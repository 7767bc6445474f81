"""Having a snapshot gone through under the rules of the provider that a draft is for."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from datasets_app.models import Snapshot
from datasets_app.models.snapshot import SnapshotState
from ftstudio.queue import enqueue
from jobs_app.models import Inspection, Job
from jobs_app.pipeline.inspect_snapshot import checker_for, inspect_snapshot
from jobs_app.providers import PROVIDERS
from jobs_app.tasks import inspect

AT_ONCE = 300  # rows that are gone through while a person waits; more are a worker's


def settle(job: Job) -> Inspection | None:
    """The inspection that the draft needs, as far as it is; asked for if there is none. None: nothing to inspect yet.

    A small snapshot is gone through here and now. Call outside of a transaction.
    """
    small = job.snapshot is not None and rows_of(job.snapshot) <= AT_ONCE
    found = want(job, hand_over=not small)
    if found is not None and found.state == Inspection.WAITING and small:
        inspect_snapshot(found.pk)
        found.refresh_from_db()
    return found


def want(job: Job, *, hand_over: bool = True) -> Inspection | None:
    """The inspection, waiting for a worker if it is new, broke down, or was made under other rules."""
    snapshot = job.snapshot
    if snapshot is None or snapshot.state != SnapshotState.READY or job.connection.kind not in PROVIDERS:
        return None
    target: dict[str, Any] = {"profile": PROVIDERS[job.connection.kind].profile, "base_model": job.base_model}
    found = Inspection.objects.filter(snapshot=snapshot, **target).first()
    checker = checker_for(found or Inspection(snapshot=snapshot, **target))
    if found is not None and found.version == checker.version and found.state != Inspection.FAILED:
        return found
    fresh = {
        "version": checker.version,
        "state": Inspection.WAITING,
        "position": 0,
        "rows": 0,
        "findings": {},
        "lengths": {},
        "traits": {},
        "encoder": checker.encoder.name,
        "exact": checker.encoder.exact,
        "limit": checker.limit,
        "leased_until": None,  # whoever is at it works under the rules of before, and loses its lease
        "lease_key": "",
        "done_at": None,
    }
    with transaction.atomic():
        inspection, _made = Inspection.objects.update_or_create(snapshot=snapshot, **target, defaults=fresh)
        if hand_over:
            enqueue(inspect, inspection.pk)
    return inspection


def current(job: Job) -> Inspection | None:
    """The inspection of the draft's data for its provider and base model, if there is one; nothing is asked for."""
    if job.snapshot_id is None or job.connection.kind not in PROVIDERS:
        return None
    profile = PROVIDERS[job.connection.kind].profile
    return Inspection.objects.filter(snapshot=job.snapshot_id, profile=profile, base_model=job.base_model).first()


def rows_of(snapshot: Snapshot) -> int:
    """How many rows an inspection goes through."""
    return snapshot.sizes["train"] + snapshot.sizes["validation"]

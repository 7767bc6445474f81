"""Bulk changes: prepared and looked at, then applied, and undone as one step."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from datasets_app import tasks
from datasets_app.models import BulkChange, BulkChangeEntry, Dataset
from datasets_app.models.bulk_change import BulkChangeEntryQuerySet, BulkState, EntryState
from datasets_app.pipeline.bulk_kinds import KINDS
from datasets_app.pipeline.selecting import Filters, stored
from ftstudio.accounts.models import AuditEntry, User
from ftstudio.accounts.policy import require
from ftstudio.errors import Conflict, InvalidInput, Listed, Text
from ftstudio.queue import enqueue
from ftstudio.web.pagination import Page, keyset

__all__ = ["KINDS", "apply", "discard", "entries", "entries_of", "leave_out", "prepare", "undo"]

ENTRIES = 50


def prepare(
    *, actor: User, dataset: Dataset, kind: str, what: Mapping[str, Any], filter: Mapping[str, Any] | None = None
) -> BulkChange:
    """Have a worker write down what would change in the filter's samples; nothing is changed yet.

    `kind` names one of KINDS, `what` its parameters, `filter` the list's filters. Samples that arrive later are not
    part of it. Raises InvalidInput for what does not fit.
    """
    require(actor, dataset.project_id, "bulk_changes.prepare")
    if kind not in KINDS:
        raise InvalidInput(kind=Text("“{name}” is no bulk change: use one of {known}.", name=kind, known=Listed(KINDS)))
    given = filter or {}
    if unknown := sorted(set(given) - set(Filters.__dataclass_fields__)):
        known = Listed(Filters.__dataclass_fields__)
        raise InvalidInput(filter=Text("“{name}” is no filter: use {known}.", name=unknown[0], known=known))
    chosen = stored(given, me=actor.pk)
    asked = KINDS[kind].parse(dataset, what)
    with transaction.atomic():
        upto = Dataset.objects.values_list("next_position", flat=True).get(pk=dataset.pk) - 1
        change = BulkChange.objects.create(
            dataset=dataset, kind=kind, what=asked, filter=chosen, upto=upto, created_by=actor
        )
        _record(actor, "prepare", change)
        enqueue(tasks.run_bulk_change, change.pk)
    return change


def apply(*, actor: User, change: BulkChange, count: int | None = None) -> BulkChange:
    """Make the planned changes, in the background. Asked twice, it is done once.

    `count` is the number of samples that the person agreed to: Conflict `count_changed` when it is another one by
    now. Raises Conflict `not_ready` for a change that is not (or no longer) waiting for this.
    """
    require(actor, change.dataset.project_id, "bulk_changes.apply")
    with transaction.atomic():
        ready = BulkChange.objects.filter(pk=change.pk, state=BulkState.READY)
        same = ready if count is None else ready.filter(planned=count)
        begun = same.update(state=BulkState.APPLYING, reached=0, applied_by=actor)
        now = BulkChange.objects.select_related("dataset").get(pk=change.pk)
        if begun:
            _record(actor, "apply", now, samples=now.planned)
            enqueue(tasks.run_bulk_change, now.pk)
    if begun or (now.state in (BulkState.APPLYING, BulkState.DONE) and now.applied_by_id == actor.pk):
        return now
    if now.state == BulkState.READY:
        raise Conflict(
            Text("It is {n} samples by now, not {count}: look again.", n=now.planned, count=count),
            code="count_changed",
            details={"planned": now.planned},
        )
    raise _not(now)


def undo(*, actor: User, change: BulkChange) -> BulkChange:
    """Restore every sample that still shows what this change made of it, in the background. Asked twice: done once.

    Raises Conflict `not_ready` for a change that has not been applied.
    """
    require(actor, change.dataset.project_id, "bulk_changes.undo")
    with transaction.atomic():
        done = BulkChange.objects.filter(pk=change.pk, state__in=(BulkState.DONE, BulkState.FAILED), applied__gt=0)
        begun = done.update(state=BulkState.UNDOING, reached=0, undone_by=actor, error=None, finished_at=None)
        now = BulkChange.objects.select_related("dataset").get(pk=change.pk)
        if begun:
            _record(actor, "undo", now, samples=now.applied)
            enqueue(tasks.run_bulk_change, now.pk)
    if begun or now.state in (BulkState.UNDOING, BulkState.UNDONE):
        return now
    raise _not(now)


def discard(*, actor: User, change: BulkChange) -> BulkChange:
    """Throw a plan away before it is applied, also one that is still being prepared. Asked twice: done once."""
    require(actor, change.dataset.project_id, "bulk_changes.discard")
    open_states = (BulkState.PREPARING, BulkState.READY)
    with transaction.atomic():
        gone = BulkChange.objects.filter(pk=change.pk, state__in=open_states).update(
            state=BulkState.DISCARDED, finished_at=timezone.now()
        )
        now = BulkChange.objects.select_related("dataset").get(pk=change.pk)
        if gone:
            BulkChangeEntry.objects.filter(change=now).delete()
            _record(actor, "discard", now)
    if gone or now.state == BulkState.DISCARDED:
        return now
    raise _not(now)


def leave_out(*, actor: User, entry: BulkChangeEntry, left: bool = True) -> BulkChangeEntry:
    """Leave one sample out of a plan, or (`left=False`) take it in again. Raises Conflict `not_ready` once applied."""
    change = entry.change
    require(actor, change.dataset.project_id, "bulk_changes.apply")
    before, after = (EntryState.PLANNED, EntryState.LEFT) if left else (EntryState.LEFT, EntryState.PLANNED)
    with transaction.atomic():
        # The change's row first: who applies it at this moment comes before or after, never in between.
        ready = BulkChange.objects.select_for_update(no_key=True).filter(pk=change.pk, state=BulkState.READY).first()
        if ready is None:
            raise _not(BulkChange.objects.get(pk=change.pk))
        if BulkChangeEntry.objects.filter(pk=entry.pk, state=before).update(state=after):
            counts = Counter(ready.counts)
            (counts.subtract if left else counts.update)(entry.counts)
            BulkChange.objects.filter(pk=change.pk).update(
                planned=F("planned") + (-1 if left else 1), counts={name: n for name, n in counts.items() if n}
            )
    entry.refresh_from_db(fields=["state"])
    change.refresh_from_db(fields=["planned", "counts", "state"])
    return entry


def entries(*, change: BulkChange, cursor: str = "", state: str = "", size: int = ENTRIES) -> Page:
    """One screen of the samples it is about, by position; `state` keeps to one of EntryState."""
    return keyset(entries_of(change, state=state).select_related("sample"), cursor=cursor, size=size, key="position")


def entries_of(change: BulkChange, *, state: str = "") -> BulkChangeEntryQuerySet:
    """The samples it is about. Raises InvalidInput for a state that does not exist."""
    rows = BulkChangeEntry.objects.filter(change=change)
    if state and state not in EntryState.values:
        known = Listed(EntryState.values)
        raise InvalidInput(state=Text("“{value}” is not one of {known}.", value=state[:60], known=known))
    return rows.filter(state=state) if state else rows


def _not(change: BulkChange) -> Conflict:
    text = Text("This bulk change is {state}: reload the page to see it.", state=change.get_state_display())
    return Conflict(text, code="not_ready", details={"state": change.state})


def _record(actor: User, verb: str, change: BulkChange, **detail: Any) -> None:
    AuditEntry.objects.record(
        actor=actor, verb=f"bulk_changes.{verb}", target=change, project=change.dataset.project, kind=change.kind,
        what=change.what, filter=change.filter, **detail,
    )  # fmt: skip

"""Bulk changes: written down sample by sample, applied, and undone, each in chunks under a lease.

`state` says which of the three is going on and `reached` up to which position; both move in the chunk's own
transaction, with everything the chunk wrote. A killed worker leaves whole chunks behind, and the next one goes on.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from datasets_app.models import BulkChange, BulkChangeEntry, DatasetCount, Sample
from datasets_app.models.bulk_change import BulkState, EntryState
from datasets_app.models.sample import Status
from ftstudio.errors import Text
from ftstudio.web.texts import to_row

from . import bulk, deduplicate
from .attempts import Stopped, past_deadlocks, work_alone
from .bulk_kinds import KINDS
from .bulk_kinds.base import Kind, Plan, Write
from .selecting import Filters, narrowed

LOOKED_AT = 500  # samples of one chunk that are planned
WRITTEN = 250  # samples of one chunk that are written: people who save wait for it
ENTRY_COLUMNS = ("change_id", "sample_id", "position", "base_revision", "edits", "counts", "note", "state", "revision")
ROW_COLUMNS = ("pk", "dataset_id", "position", "status", "trashed_from", "worst", "revision_number")


def run(change_id: UUID | str) -> None:
    """Go on with the bulk change, whatever it is at. Safe to call at any time."""
    related = ("dataset", "applied_by", "undone_by")
    work_alone(BulkChange.objects.working(), change_id, with_related=related, work=_run, fail=_fail)


def _run(change: BulkChange, key: str) -> None:
    kind = KINDS[change.kind]
    if change.state == BulkState.PREPARING:
        while _plan_chunk(change, kind, key):
            continue
    elif change.state == BulkState.APPLYING:
        while _write_chunk(change, kind, key, EntryState.PLANNED, kind.apply, BulkState.DONE):
            continue
    else:
        while _write_chunk(change, kind, key, EntryState.APPLIED, kind.undo, BulkState.UNDONE):
            continue


def _fail(change: BulkChange, key: str, code: str, text: Text) -> None:
    _end(change, key, state=BulkState.FAILED, error={"code": code, **to_row(text)}, finished_at=timezone.now())


def _mine(change: BulkChange) -> Any:
    """The row, as long as it is at what this worker was called for: a discarded one is nobody's any more."""
    return BulkChange.objects.filter(state=change.state)


def _end(change: BulkChange, key: str, **changes: Any) -> None:
    if not _mine(change).release(change.pk, key, **changes):
        raise Stopped


def _plan_chunk(change: BulkChange, kind: Kind, key: str) -> bool:
    """Write down what would be done to the next samples of the filter. False: there were none left."""
    rows = narrowed(change.dataset, kind.within(Filters.parse(change.filter))).filter(
        position__gt=change.reached, position__lte=change.upto
    )
    if not kind.of_trash:
        rows = rows.exclude(status=Status.TRASHED)
    looked_at = list(kind.concerned(change, rows).order_by("position").only(*ROW_COLUMNS)[:LOOKED_AT])
    if not looked_at:
        _end(change, key, state=BulkState.READY, reached=change.upto)
        return False
    plans = list(kind.plan(change, looked_at))
    reached = looked_at[-1].position
    planned = change.planned + sum(plan.refused is None for _, plan in plans)
    counts = _added(change.counts, plans)

    def write() -> None:
        with transaction.atomic():
            if not _mine(change).renew(change.pk, key, reached=reached, planned=planned, counts=counts):
                raise Stopped
            bulk.insert(BulkChangeEntry, ENTRY_COLUMNS, _entries(change, plans))

    past_deadlocks(write)
    change.reached, change.planned, change.counts = reached, planned, counts
    return True


def _added(counts: dict[str, int], plans: Sequence[tuple[Sample, Plan]]) -> dict[str, int]:
    total = Counter(counts)
    for _, plan in plans:
        total.update(plan.counts)
    return dict(total)


def _entries(change: BulkChange, plans: Sequence[tuple[Sample, Plan]]) -> Iterator[tuple[Any, ...]]:
    for row, plan in plans:
        edits = [{"path": edit.path, "before": edit.before, "after": edit.after} for edit in plan.edits]
        said = plan.refused or plan.note
        state = EntryState.REFUSED if plan.refused else EntryState.PLANNED
        yield (
            change.pk, row.pk, row.position, row.revision_number, edits, dict(plan.counts),
            to_row(said) if said else None, state.value, None,
        )  # fmt: skip


def _write_chunk(
    change: BulkChange, kind: Kind, key: str, wanted: EntryState, think: Callable[..., Write], end: BulkState
) -> bool:
    """Apply or undo the next entries. False: there were none left, and the change is at its end."""
    following = change.entries.filter(state=wanted, position__gt=change.reached).order_by("position")
    entries = list(following[:WRITTEN])
    if not entries:
        _end(change, key, state=end, finished_at=timezone.now())
        return False
    writing = think(change, entries)
    numbers: dict[str, int] = {}

    def write() -> None:
        counted: Counter[tuple[str, str]] = Counter()
        with transaction.atomic():
            if not _mine(change).renew(change.pk, key):
                raise Stopped
            pks = {entry.sample_id for entry in entries}
            rows = deduplicate.locked(change.dataset_id, pks, writing.fingerprints, writing.questions)
            if not kind.of_trash:  # what has been put there since is left as it is
                rows = {pk: row for pk, row in rows.items() if row.status != Status.TRASHED}
            writing.do(rows, counted)
            became = ((entry.pk, str(entry.state), entry.revision, entry.note) for entry in entries)
            bulk.update(BulkChangeEntry, ("state", "revision", "note"), became)
            DatasetCount.objects.add(change.dataset_id, counted)
            numbers.update(_numbers(change, entries), reached=entries[-1].position)
            _mine(change).renew(change.pk, key, **numbers)

    past_deadlocks(write)
    for name, value in numbers.items():
        setattr(change, name, value)
    return True


def _numbers(change: BulkChange, entries: Sequence[BulkChangeEntry]) -> dict[str, int]:
    """The change's kept numbers with what became of these entries added."""
    became = Counter(entry.state for entry in entries)
    return {
        "applied": change.applied + became[EntryState.APPLIED],
        "skipped": change.skipped + became[EntryState.SKIPPED] + became[EntryState.REFUSED],
        "undone": change.undone + became[EntryState.UNDONE],
    }

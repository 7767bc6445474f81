"""What the kinds `trash` and `restore` share: each one's undoing is the other one's work."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from datasets_app.models import BulkChange, BulkChangeEntry, Sample
from datasets_app.models.bulk_change import EntryState
from datasets_app.models.sample import Status
from datasets_app.pipeline import trashing
from datasets_app.pipeline.grading import checker_of

from .base import Counted, Rows, Write, skip


def putting_away(entries: Sequence[BulkChangeEntry], *, by: Any, since: Any, became: EntryState) -> Write:
    """Put the samples into the trash; `since`: unless somebody other than this person has changed one meanwhile."""

    def write(rows: Rows, counted: Counted) -> None:
        going = []
        for entry in entries:
            row = rows.get(entry.sample_id)
            if row is None or row.status == Status.TRASHED or not _as_it_was(row, entry, since):
                skip(entry, _else(became))
            else:
                entry.state, entry.revision = became, row.revision_number
                going.append(row)
        if going:
            trashing.put_away(going[0].dataset_id, going, by=by, counted=counted)

    return Write(write, fingerprints={trashing.fingerprint_of(entry.sample_id) for entry in entries})


def bringing_back(
    change: BulkChange, entries: Sequence[BulkChangeEntry], *, by: Any, since: Any, became: EntryState
) -> Write:
    """Take the samples out of the trash, unless somebody has restored one (or trashed it anew) meanwhile."""
    seen = trashing.look([entry.sample_id for entry in entries], checker_of(change.dataset))

    def write(rows: Rows, counted: Counted) -> None:
        coming = []
        for entry in entries:
            row = rows.get(entry.sample_id)
            if row is None or row.status != Status.TRASHED or not _as_it_was(row, entry, since):
                skip(entry, _else(became))
            else:
                entry.state, entry.revision = became, row.revision_number
                coming.append(row)
        trashing.bring_back(change.dataset_id, coming, seen, by=by, counted=counted)

    graded = [one.graded for one in seen.values()]
    return Write(write, {one.fingerprint for one in graded}, {one.question for one in graded})


def _as_it_was(row: Sample, entry: BulkChangeEntry, since: Any) -> bool:
    """Whether it shows the revision that was planned for and, of what is undone, whoever did that touched it last."""
    return row.revision_number == entry.base_revision and (since is None or row.changed_by_id == since)


def _else(became: EntryState) -> EntryState:
    return EntryState.SKIPPED if became == EntryState.APPLIED else EntryState.KEPT

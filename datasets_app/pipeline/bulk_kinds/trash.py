"""Put many samples into the trash."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from datasets_app.core import workflow
from datasets_app.core.fixing import Edit
from datasets_app.models import BulkChange, BulkChangeEntry, Dataset, Sample
from datasets_app.models.bulk_change import EntryState
from ftstudio.errors import Text

from ._trashing import bringing_back, putting_away
from .base import Kind, Parameter, Plan, Write


class Trash(Kind):
    """`what` is {}. A sample that somebody changes before it is done stays where it is."""

    name = "trash"
    label = Text("Trash")
    help = Text(
        "Put the samples of this part of the list into the trash. They leave lists, counters, scans and snapshots; "
        "nothing is deleted, and they can be restored."
    )
    order = 90
    of_trash = True

    def parse(self, dataset: Dataset, what: Mapping[str, Any]) -> dict[str, Any]:
        return {}

    def parameters(self, found: Mapping[str, int]) -> Sequence[Parameter]:
        return ()

    def says(self, what: Mapping[str, Any]) -> Text:
        return Text("Put samples into the trash")

    def concerned(self, change: BulkChange, rows: Any) -> Any:
        return rows.exclude(status=workflow.TRASHED)

    def plan(self, change: BulkChange, rows: Sequence[Sample]) -> Iterator[tuple[Sample, Plan]]:
        for row in rows:
            yield row, Plan((Edit("/status", row.status, workflow.TRASHED),), {workflow.TRASHED: 1})

    def apply(self, change: BulkChange, entries: Sequence[BulkChangeEntry]) -> Write:
        return putting_away(entries, by=change.applied_by_id, since=None, became=EntryState.APPLIED)

    def undo(self, change: BulkChange, entries: Sequence[BulkChangeEntry]) -> Write:
        since = change.applied_by_id
        return bringing_back(change, entries, by=change.undone_by_id, since=since, became=EntryState.UNDONE)


KIND = Trash()

"""Take many samples out of the trash."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from datasets_app.core import workflow
from datasets_app.core.fixing import Edit
from datasets_app.models import BulkChange, BulkChangeEntry, Dataset, Sample
from datasets_app.models.bulk_change import EntryState
from datasets_app.pipeline.selecting import Filters
from ftstudio.errors import Text

from ._trashing import bringing_back, putting_away
from .base import Kind, Parameter, Plan, Write


class Restore(Kind):
    """`what` is {}. Without a status in its filter it is about all that is in the trash."""

    name = "restore"
    label = Text("Restore")
    help = Text(
        "Take samples out of the trash, with the status that they had. They are graded by the present rules; what was "
        "accepted and has an error by now is pending."
    )
    order = 91
    of_trash = True

    def parse(self, dataset: Dataset, what: Mapping[str, Any]) -> dict[str, Any]:
        return {}

    def parameters(self, found: Mapping[str, int]) -> Sequence[Parameter]:
        return ()

    def says(self, what: Mapping[str, Any]) -> Text:
        return Text("Take samples out of the trash")

    def within(self, filters: Filters) -> Filters:
        return filters if filters.asks_for_trash else replace(filters, status=workflow.TRASHED)

    def concerned(self, change: BulkChange, rows: Any) -> Any:
        return rows.filter(status=workflow.TRASHED)

    def plan(self, change: BulkChange, rows: Sequence[Sample]) -> Iterator[tuple[Sample, Plan]]:
        for row in rows:
            before = row.trashed_from or workflow.PENDING
            yield row, Plan((Edit("/status", workflow.TRASHED, before),), {before: 1})

    def apply(self, change: BulkChange, entries: Sequence[BulkChangeEntry]) -> Write:
        by = change.applied_by_id
        return bringing_back(change, entries, by=by, since=None, became=EntryState.APPLIED)

    def undo(self, change: BulkChange, entries: Sequence[BulkChangeEntry]) -> Write:
        since = change.applied_by_id
        return putting_away(entries, by=change.undone_by_id, since=since, became=EntryState.UNDONE)


KIND = Restore()

"""Bulk changes of what samples say: planned text by text, applied as revisions, undone by restoring the one before."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar

from datasets_app.core import fixing, samples
from datasets_app.core.engine import Checker
from datasets_app.core.fixing import Edit
from datasets_app.models import BulkChange, BulkChangeEntry, Revision, Sample
from datasets_app.models.bulk_change import EntryState
from datasets_app.pipeline.grading import Graded, checker_of, grade
from datasets_app.pipeline.revise import revise
from datasets_app.pipeline.waiving import NONE, waived
from ftstudio.accounts.models import User

from .base import Counted, Kind, Plan, Rows, Write, skip


class ContentKind(Kind):
    """A kind that changes texts of the messages. `origin` is what its revisions say of how they came to be."""

    origin: ClassVar[str]

    @abstractmethod
    def changed(
        self, sample: samples.Sample, checker: Checker, what: Mapping[str, Any], passed: frozenset[str] | set[str]
    ) -> Plan:
        """What would change in this content; `passed` are the rules that a lead lets pass on it."""

    def plan(self, change: BulkChange, rows: Sequence[Sample]) -> Iterator[tuple[Sample, Plan]]:
        checker = checker_of(change.dataset)
        payloads = _payloads({row.pk: row.revision_number for row in rows})
        passed = waived(payloads)
        for row in rows:
            if row.pk not in payloads:
                continue
            before = samples.from_json(payloads[row.pk])
            plan = self.changed(before, checker, change.what, passed.get(row.pk, NONE))
            if plan.edits or plan.refused:
                yield row, plan

    def apply(self, change: BulkChange, entries: Sequence[BulkChangeEntry]) -> Write:
        checker = checker_of(change.dataset)
        payloads = _payloads({entry.sample_id: entry.base_revision for entry in entries})
        ready: dict[int, Graded | list[str]] = {}
        for entry in entries:
            before = samples.from_json(payloads[entry.sample_id])
            after = fixing.with_edits(before, [Edit(**edit) for edit in entry.edits])
            if after is None:
                continue
            # The rules may have changed since it was planned; what a person looked at must still be right.
            ready[entry.sample_id] = fixing.new_errors(before, after, checker) or grade(after, checker)

        def write(rows: Rows, counted: Counted) -> None:
            for entry in entries:
                graded, row = ready.get(entry.sample_id), rows.get(entry.sample_id)
                if isinstance(graded, list):
                    skip(entry, EntryState.REFUSED, fixing.refusal_of(graded))
                elif graded is None or row is None or row.revision_number != entry.base_revision:
                    skip(entry)
                else:
                    _revise(change, row, graded, checker, self.origin, change.applied_by, counted)
                    entry.state, entry.revision = EntryState.APPLIED, row.revision_number

        return write

    def undo(self, change: BulkChange, entries: Sequence[BulkChangeEntry]) -> Write:
        checker = checker_of(change.dataset)
        payloads = _payloads({entry.sample_id: entry.base_revision for entry in entries})
        ready = {pk: grade(samples.from_json(payload), checker) for pk, payload in payloads.items()}
        styles = _styles({entry.sample_id: entry.base_revision for entry in entries})

        def write(rows: Rows, counted: Counted) -> None:
            for entry in entries:
                graded, row = ready.get(entry.sample_id), rows.get(entry.sample_id)
                if graded is None or row is None or row.revision_number != entry.revision:
                    skip(entry, EntryState.KEPT)
                else:
                    style = styles.get(row.pk, "")
                    _revise(change, row, graded, checker, "restore", change.undone_by, counted, style)
                    entry.state = EntryState.UNDONE

        return write


def _payloads(numbers: Mapping[int, int]) -> dict[int, str]:
    """sample → the content of its revision with that number; one query."""
    found = Revision.objects.filter(sample__in=list(numbers), number__in=set(numbers.values())).order_by()
    rows = found.values_list("sample_id", "number", "payload")
    return {pk: payload for pk, number, payload in rows if numbers[pk] == number}


def _styles(numbers: Mapping[int, int]) -> dict[int, str]:
    """sample → how the line of that revision was written: what is restored reads the same in exports."""
    found = Revision.objects.filter(sample__in=list(numbers), number__in=set(numbers.values())).exclude(style="")
    rows = found.order_by().values_list("sample_id", "number", "style")
    return {pk: style for pk, number, style in rows if numbers[pk] == number}


def _revise(
    change: BulkChange,
    row: Sample,
    graded: Graded,
    checker: Checker,
    origin: str,
    author: User | None,
    counted: Counted,
    style: str = "",
) -> None:
    """The row is locked and shows the revision that we begin from, so this cannot be refused."""
    revise(
        row,
        graded,
        checker=checker,
        base_revision=row.revision_number,
        author=author,
        origin=origin,
        reason="",
        guideline_version=change.dataset.guideline_version,
        client_id=None,
        counted=counted,
        keep_status=True,
        style=style,
    )

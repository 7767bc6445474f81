"""Bulk changes of what samples say: planned text by text, applied as revisions, undone by restoring the one before."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, ClassVar

from datasets_app.core import fixing, samples
from datasets_app.core.engine import Checker
from datasets_app.core.fixing import Edit
from datasets_app.models import BulkChange, BulkChangeEntry, Revision, Sample
from datasets_app.models.bulk_change import EntryState
from datasets_app.pipeline.grading import MOST_FINDINGS, Graded, checker_of, grade
from datasets_app.pipeline.revise_many import Next, Reason, revise_many
from datasets_app.pipeline.waiving import NONE, waived
from ftstudio.errors import Text

from .base import Counted, Kind, Plan, Rows, Write, skip

LET_PASS = Text("Somebody has let what it would mend pass in the meantime.")


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
        ready: dict[int, Graded] = {}
        refused: dict[int, list[str]] = {}
        for entry in entries:
            before = samples.from_json(payloads[entry.sample_id])
            after = fixing.with_edits(before, [Edit(**edit) for edit in entry.edits])
            if after is None:
                continue
            graded = grade(after, checker)
            # The rules may have changed since it was planned; what a person looked at must still be right.
            if _has_errors(graded) and (new := fixing.new_errors(before, after, checker)):
                refused[entry.sample_id] = new
            else:
                ready[entry.sample_id] = graded

        def write(rows: Rows, counted: Counted) -> None:
            following = []
            passed = waived(rows)
            for entry in entries:
                graded, row = ready.get(entry.sample_id), rows.get(entry.sample_id)
                if not passed.get(entry.sample_id, NONE).isdisjoint(entry.counts):
                    skip(entry, why=LET_PASS)
                elif entry.sample_id in refused:
                    skip(entry, EntryState.REFUSED, fixing.refusal_of(refused[entry.sample_id]))
                elif graded is None or row is None or row.revision_number != entry.base_revision:
                    skip(entry)
                else:
                    following.append(Next(row, graded))
                    entry.state, entry.revision = EntryState.APPLIED, entry.base_revision + 1
            why = _reason(change, self.origin, change.applied_by_id)
            revise_many(change.dataset_id, following, why, checker=checker, counted=counted)

        return _writing(write, ready)

    def undo(self, change: BulkChange, entries: Sequence[BulkChangeEntry]) -> Write:
        checker = checker_of(change.dataset)
        payloads = _payloads({entry.sample_id: entry.base_revision for entry in entries})
        ready = {pk: grade(samples.from_json(payload), checker) for pk, payload in payloads.items()}
        styles = _styles({entry.sample_id: entry.base_revision for entry in entries})

        def write(rows: Rows, counted: Counted) -> None:
            following = []
            for entry in entries:
                graded, row = ready.get(entry.sample_id), rows.get(entry.sample_id)
                if graded is None or row is None or row.revision_number != entry.revision:
                    skip(entry, EntryState.KEPT)
                else:
                    following.append(Next(row, graded, styles.get(row.pk, "")))
                    entry.state = EntryState.UNDONE
            why = _reason(change, "restore", change.undone_by_id)
            revise_many(change.dataset_id, following, why, checker=checker, counted=counted)

        return _writing(write, ready)


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


def _has_errors(graded: Graded) -> bool:
    """Whether an error is found, or may be among the findings that were too many to keep."""
    return len(graded.findings) == MOST_FINDINGS or any(finding.severity == "error" for finding in graded.findings)


def _reason(change: BulkChange, origin: str, author_id: Any) -> Reason:
    version = change.dataset.guideline_version
    return Reason(author_id=author_id, origin=origin, guideline_version=version, keep_status=True)


def _writing(write: Callable[[Rows, Counted], None], ready: Mapping[int, Graded]) -> Write:
    return Write(
        write,
        fingerprints={graded.fingerprint for graded in ready.values()},
        questions={graded.question for graded in ready.values()} - {""},
    )

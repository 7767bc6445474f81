"""Give many samples one decision: accepted, rejected, skipped or flagged."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django.utils import timezone

from datasets_app.core import workflow
from datasets_app.core.findings import RANK
from datasets_app.core.fixing import Edit
from datasets_app.models import BulkChange, BulkChangeEntry, Dataset, Decision, Revision, Sample
from datasets_app.models.bulk_change import EntryState
from datasets_app.models.decision import BECOMES, Verdict
from datasets_app.pipeline import bulk
from ftstudio.errors import InvalidInput, Listed, Text

from .base import Counted, Kind, Parameter, Plan, Rows, Write, skip

_SAYS = {
    "accept": Text("Accept samples"),
    "reject": Text("Reject samples"),
    "skip": Text("Skip samples"),
    "flag": Text("Flag samples"),
}
_ERRORS = Text("It has error findings: correct them, or let them pass.")
_DISPUTED = Text("Its annotations differ: a reviewer ends the dispute by looking at it.")


class Status(Kind):
    """`what` is {"decision": accept, reject, skip or flag, "reason": text}. Errors are not accepted in bulk."""

    name = "status"
    label = Text("Decide")
    help = Text("Give all samples of this part of the list one decision. What has an error is not accepted.")
    order = 50

    def parse(self, dataset: Dataset, what: Mapping[str, Any]) -> dict[str, Any]:
        if what.get("decision") not in workflow.VERDICTS:
            raise InvalidInput(what=Text("Decide one of {known}.", known=Listed(workflow.VERDICTS)))
        reason = str(what.get("reason") or "").replace("\x00", "").strip()
        if len(reason) > 300:
            raise InvalidInput(what=Text("At most {n} characters, please.", n=300))
        return {"decision": what["decision"], "reason": reason}

    def parameters(self, found: Mapping[str, int]) -> Sequence[Parameter]:
        return (
            Parameter("decision", Text("Decision"), choices=tuple(_SAYS.items())),
            Parameter("reason", Text("Reason"), longest=300, required=False),
        )

    def says(self, what: Mapping[str, Any]) -> Text:
        return _SAYS[what["decision"]]

    def plan(self, change: BulkChange, rows: Sequence[Sample]) -> Iterator[tuple[Sample, Plan]]:
        status = _status(change)
        for row in rows:
            if row.status == workflow.DISPUTED:
                yield row, Plan(refused=_DISPUTED)
            elif not workflow.in_bulk(row.status, change.what["decision"]):
                continue
            elif status == "accepted" and row.worst == RANK["error"]:
                yield row, Plan(refused=_ERRORS)
            else:
                yield row, Plan((Edit("/status", row.status, status),), {status: 1})

    def apply(self, change: BulkChange, entries: Sequence[BulkChangeEntry]) -> Write:
        status = _status(change)

        def write(rows: Rows, counted: Counted) -> None:
            done = []
            for entry in entries:
                row = rows.get(entry.sample_id)
                if row is None or (row.revision_number, row.status) != (entry.base_revision, entry.edits[0]["before"]):
                    skip(entry)
                elif status == "accepted" and row.worst == RANK["error"]:
                    skip(entry, EntryState.REFUSED, _ERRORS)
                else:
                    entry.state, entry.revision = EntryState.APPLIED, row.revision_number
                    done.append(row)
            _decide(change, done, counted)

        return Write(write)

    def undo(self, change: BulkChange, entries: Sequence[BulkChangeEntry]) -> Write:
        status = _status(change)

        def write(rows: Rows, counted: Counted) -> None:
            decisions = Decision.objects.filter(sample__in=list(rows), undone_at=None).order_by("pk")
            newest = {decision.sample_id: decision for decision in decisions}
            back: list[tuple[Any, ...]] = []
            for entry in entries:
                row, given = rows.get(entry.sample_id), newest.get(entry.sample_id)
                ours = given is not None and given.client_id == _request(change)
                if row is None or not ours or row.status != status:
                    skip(entry, EntryState.KEPT)
                    continue
                before = entry.edits[0]["before"]
                if before == "accepted" and row.worst == RANK["error"]:
                    before = "pending"  # an error does not slip back in as accepted
                counted.update({("status", status): -1, ("status", before): 1})
                back.append((row.pk, before, change.undone_by_id))
                entry.state = EntryState.UNDONE
            bulk.update(Sample, ("status", "changed_by_id"), back)
            decisions.filter(sample__in=[pk for pk, *_ in back], client_id=_request(change)).update(
                undone_at=timezone.now()
            )

        return Write(write)


def _status(change: BulkChange) -> str:
    return str(BECOMES[Verdict(change.what["decision"])].value)


def _request(change: BulkChange) -> str:
    """The `client_id` of the decisions that the change gives."""
    return f"bulk-{change.pk.hex}"


def _decide(change: BulkChange, rows: Sequence[Sample], counted: Counted) -> None:
    revisions = Revision.objects.current().filter(sample__in=[row.pk for row in rows]).order_by()
    shown = dict(revisions.values_list("sample_id", "pk"))
    Decision.objects.bulk_create(
        Decision(
            sample_id=row.pk, revision_id=shown[row.pk], decision=change.what["decision"], status_before=row.status,
            status_after=_status(change), reason=change.what["reason"], by=change.applied_by,
            client_id=_request(change), guideline_version=change.dataset.guideline_version,
        )
        for row in rows
    )  # fmt: skip
    status = _status(change)
    for row in rows:
        counted.update({("status", row.status): -1, ("status", status): 1})
    Sample.objects.filter(pk__in=[row.pk for row in rows]).update(
        status=status, leased_by=None, leased_until=None, changed_by=change.applied_by, changed_at=timezone.now()
    )


KIND = Status()

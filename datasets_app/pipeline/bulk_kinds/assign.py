"""Give samples to people, each a part of them; or to nobody again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from datasets_app.core import dealing
from datasets_app.core.fixing import Edit
from datasets_app.models import BulkChange, BulkChangeEntry, Dataset, Sample
from datasets_app.models.bulk_change import EntryState
from datasets_app.models.sample import Status
from datasets_app.pipeline import bulk
from datasets_app.pipeline.people import deciders
from ftstudio.accounts.models import User
from ftstudio.errors import InvalidInput, Listed, Text

from .base import Counted, Kind, Parameter, Plan, Rows, Write, skip

NOBODY = "–"  # as the counts of a plan and its entries call it


class Assign(Kind):
    """`what` is {"people": {user name: weight}}, {} for nobody; also taken as “bob 3, rita 1” or as a list of names."""

    name = "assign"
    label = Text("Assign")
    help = Text("Give the samples of this part of the list to people, who get them in turn; nobody else is given them.")
    order = 45

    def parse(self, dataset: Dataset, what: Mapping[str, Any]) -> dict[str, Any]:
        portions = dealing.read(what.get("people"))
        known = deciders(dataset)
        if strangers := [portion.name for portion in portions if portion.name not in known]:
            raise InvalidInput(what=Text("“{name}” is no member of this project.", name=strangers[0][:60]))
        return {"people": {portion.name: portion.weight for portion in portions}}

    def parameters(self, found: Mapping[str, int]) -> Sequence[Parameter]:
        how = Text(
            "User names, separated by commas. Equal parts, or as the numbers behind them say: bob 3, rita 1. "
            "Empty: take them back, so that they are for everybody."
        )
        return (Parameter("people", Text("To whom"), help=how, longest=1000, required=False),)

    def says(self, what: Mapping[str, Any]) -> Text:
        if not what["people"]:
            return Text("Assign samples to nobody")
        return Text("Assign samples to {people}", people=Listed(what["people"]))

    def concerned(self, change: BulkChange, rows: Any) -> Any:
        return rows.exclude(status=Status.TRASHED) if change.what["people"] else rows.exclude(assigned_to=None)

    def plan(self, change: BulkChange, rows: Sequence[Sample]) -> Iterator[tuple[Sample, Plan]]:
        people: Mapping[str, int] = change.what["people"]
        names, weights = list(people), list(people.values())
        turns = dealing.deal(weights, [change.counts.get(name, 0) for name in names]) if names else None
        has = _assigned([row.pk for row in rows])
        for row in rows:
            to = names[next(turns)] if turns else ""
            before = has.get(row.pk, "")
            if before != to:
                yield row, Plan((Edit("/assigned", before, to),), {to or NOBODY: 1})

    def apply(self, change: BulkChange, entries: Sequence[BulkChangeEntry]) -> Write:
        return _writing(entries, before="before", after="after", became=EntryState.APPLIED)

    def undo(self, change: BulkChange, entries: Sequence[BulkChangeEntry]) -> Write:
        return _writing(entries, before="after", after="before", became=EntryState.UNDONE)


def _writing(entries: Sequence[BulkChangeEntry], *, before: str, after: str, became: EntryState) -> Write:
    """From whom it was to whom it goes; what somebody has given to another since stays theirs."""
    else_ = EntryState.SKIPPED if became == EntryState.APPLIED else EntryState.KEPT
    names = {entry.edits[0][side] for entry in entries for side in ("before", "after")} - {""}
    ids = dict(User.objects.filter(username__in=names).values_list("username", "pk"))

    def write(rows: Rows, counted: Counted) -> None:
        moved: list[tuple[int, int | None]] = []
        for entry in entries:
            row, was, to = rows.get(entry.sample_id), entry.edits[0][before], entry.edits[0][after]
            if row is None or row.assigned_to_id != ids.get(was) or (to and to not in ids):
                skip(entry, else_)
            else:
                moved.append((row.pk, ids.get(to)))
                entry.state = became
        bulk.update(Sample, ("assigned_to_id",), moved)

    return Write(write)


def _assigned(pks: Sequence[int]) -> dict[int, str]:
    """sample → user name of whom it is assigned to."""
    rows = Sample.objects.filter(pk__in=pks, assigned_to__isnull=False).order_by()
    return dict(rows.values_list("pk", "assigned_to__username"))


KIND = Assign()

"""Let one rule's findings pass, with a reason."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django.db.models import Exists, OuterRef

from datasets_app.core.rules import RULE_IDS, RULES
from datasets_app.models import BulkChange, BulkChangeEntry, Dataset, FindingRow, Sample, Waiver
from datasets_app.models.bulk_change import EntryState
from datasets_app.models.sample import SampleQuerySet
from datasets_app.pipeline import waiving
from ftstudio.errors import InvalidInput, Text
from ftstudio.web.texts import from_row

from .base import Counted, Kind, Parameter, Plan, Rows, Write, skip

_ALREADY = Text("It passes already.")
_TAKEN_BACK = Text("Somebody has taken it back, or given another reason, in the meantime.")


class Waive(Kind):
    """`what` is {"rule": name, "reason": text}."""

    name = "waive"
    label = Text("Let pass")
    help = Text("The findings stay visible, but they no longer stand in the way of accepting and exporting.")
    order = 30

    def parse(self, dataset: Dataset, what: Mapping[str, Any]) -> dict[str, Any]:
        rule = what.get("rule")
        if rule not in RULE_IDS:
            raise InvalidInput(what=Text("“{name}” is no rule.", name=str(rule)[:60]))
        return {"rule": rule, "reason": waiving.reason_of(what.get("reason"))}

    def parameters(self, found: Mapping[str, int]) -> Sequence[Parameter]:
        rules = [(rule, RULES[rule].title if rule in RULES else Text("{rule}", rule=rule)) for rule in found]
        reason = Text("Shown beside each finding and kept in the manifest of every export.")
        return (
            Parameter("rule", Text("Rule"), choices=rules),
            Parameter("reason", Text("Reason"), reason, longest=waiving.LONGEST_REASON),
        )

    def says(self, what: Mapping[str, Any]) -> Text:
        title = RULES[what["rule"]].title if what["rule"] in RULES else what["rule"]
        return Text("Let pass: {rule}", rule=title)

    def concerned(self, change: BulkChange, rows: SampleQuerySet) -> SampleQuerySet:
        return rows.filter(Exists(_findings(change).filter(sample=OuterRef("pk"))))

    def plan(self, change: BulkChange, rows: Sequence[Sample]) -> Iterator[tuple[Sample, Plan]]:
        found = _findings(change).filter(sample__in=[row.pk for row in rows]).order_by("-pk")
        said = dict(found.values_list("sample_id", "message"))  # of several on one sample the first
        for row in rows:
            if row.pk in said:
                yield row, Plan(counts={change.what["rule"]: 1}, note=from_row(said[row.pk]))

    def apply(self, change: BulkChange, entries: Sequence[BulkChangeEntry]) -> Write:
        def write(rows: Rows, counted: Counted) -> None:
            pks = [entry.sample_id for entry in entries if entry.sample_id in rows]
            new = waiving.let_pass(change.dataset_id, change.what["rule"], pks, change.what["reason"],
                                   change.applied_by, counted)  # fmt: skip
            for entry in entries:
                if entry.sample_id in new:
                    entry.state = EntryState.APPLIED
                else:
                    skip(entry, why=_ALREADY)

        return Write(write)

    def undo(self, change: BulkChange, entries: Sequence[BulkChangeEntry]) -> Write:
        def write(rows: Rows, counted: Counted) -> None:
            ours = Waiver.objects.filter(
                sample__in=list(rows), rule=change.what["rule"], reason=change.what["reason"], by=change.applied_by
            )
            pks = set(ours.values_list("sample_id", flat=True))
            waiving.take_back(ours, counted)
            for entry in entries:
                if entry.sample_id in pks:
                    entry.state = EntryState.UNDONE
                else:
                    skip(entry, EntryState.KEPT, _TAKEN_BACK)

        return Write(write)


def _findings(change: BulkChange) -> Any:
    return FindingRow.objects.current().filter(dataset=change.dataset, rule=change.what["rule"], waived=False)


KIND = Waive()

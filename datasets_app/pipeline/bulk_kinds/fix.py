"""Make every safe fix of the chosen rules."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.db.models import Exists, OuterRef

from datasets_app.core import fixing, samples
from datasets_app.core.engine import Checker
from datasets_app.core.rules import RULES
from datasets_app.models import BulkChange, Dataset, FindingRow
from datasets_app.models.sample import SampleQuerySet
from ftstudio.errors import InvalidInput, Listed, Text

from ._content import ContentKind
from .base import Parameter, Plan


class Fix(ContentKind):
    """`what` is {"rules": [names]}. Findings that a lead lets pass are not fixed."""

    name = "fix"
    label = Text("Fix")
    help = Text("Make every safe fix that the chosen rules offer. Nothing else in the texts changes.")
    order = 10
    origin = "fix"

    def parse(self, dataset: Dataset, what: Mapping[str, Any]) -> dict[str, Any]:
        rules = what.get("rules")
        if not isinstance(rules, list) or not rules or not all(isinstance(rule, str) for rule in rules):
            raise InvalidInput(what=Text("Name at least one rule whose fixes are to be made."))
        if unknown := [rule[:40] for rule in rules if rule not in RULES]:
            raise InvalidInput(what=Text("“{name}” is no rule that can offer a fix.", name=unknown[0]))
        return {"rules": sorted(set(rules))}

    def parameters(self, found: Mapping[str, int]) -> Sequence[Parameter]:
        offering = [rule for rule in found if rule in fixing.fixable()]
        offering = offering or sorted(fixing.fixable())  # nothing is found just now: then whichever could be
        choices = [(rule, RULES[rule].title) for rule in offering]
        return (Parameter("rules", Text("Rules"), Text("Only rules that can offer a fix."), choices, many=True),)

    def says(self, what: Mapping[str, Any]) -> Text:
        return Text("Fix: {rules}", rules=Listed(RULES[rule].title for rule in what["rules"] if rule in RULES))

    def concerned(self, change: BulkChange, rows: SampleQuerySet) -> SampleQuerySet:
        if change.dataset.checking_version or change.dataset.check_broke:
            return rows  # the findings are those of older rules, in part
        found = FindingRow.objects.current().filter(dataset=change.dataset, rule__in=change.what["rules"], waived=False)
        return rows.filter(Exists(found.filter(sample=OuterRef("pk"))))

    def changed(
        self, sample: samples.Sample, checker: Checker, what: Mapping[str, Any], passed: frozenset[str] | set[str]
    ) -> Plan:
        done = fixing.fixed(sample, checker, set(what["rules"]) - passed)
        return Plan(done.edits, done.counts, refused=done.refused)


KIND = Fix()

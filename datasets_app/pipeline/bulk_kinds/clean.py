"""Make text, or a reduced DOM, of the HTML that people's turns were scraped with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from datasets_app.core import cleaning, fixing, samples
from datasets_app.core.engine import Checker
from datasets_app.core.fixing import Edit
from datasets_app.models import Dataset
from ftstudio.errors import InvalidInput, Listed, Text

from ._content import ContentKind
from .base import Parameter, Plan

BEFORE, AFTER = "tokens_before", "tokens_after"

_NOTHING_LEFT = Text("Nothing would be left of a turn: correct it by hand.")


class Clean(ContentKind):
    """`what` is {"mode": a key of core.cleaning.MODES}. Only user turns are cleaned; answers stay as they are."""

    name = "clean"
    label = Text("Clean HTML")
    help = Text("Take the markup out of the user turns. The originals stay in the history.")
    order = 20
    origin = "clean"

    def parse(self, dataset: Dataset, what: Mapping[str, Any]) -> dict[str, Any]:
        mode = str(what.get("mode") or "text")
        if mode not in cleaning.MODES:
            known = Listed(cleaning.MODES)
            raise InvalidInput(what=Text("“{name}” is no way of cleaning: use {known}.", name=mode[:40], known=known))
        return {"mode": mode}

    def parameters(self, found: Mapping[str, int]) -> Sequence[Parameter]:
        return (Parameter("mode", Text("What is left"), choices=tuple(cleaning.MODES.items())),)

    def says(self, what: Mapping[str, Any]) -> Text:
        return Text("Clean HTML: {mode}", mode=cleaning.MODES[what["mode"]])

    def changed(
        self, sample: samples.Sample, checker: Checker, what: Mapping[str, Any], passed: frozenset[str] | set[str]
    ) -> Plan:
        edits = []
        for path, text in fixing.texts_of(sample):
            if sample.messages[int(path.split("/")[2])].role == "user" and "/tool_calls/" not in path:
                cleaned = cleaning.clean(text, what["mode"])
                if cleaned != text:
                    edits.append(Edit(path, text, cleaned))
        if not edits:
            return Plan()
        if not all(edit.after.strip() for edit in edits):
            return Plan(refused=_NOTHING_LEFT)
        after = fixing.with_edits(sample, edits) or sample
        if new := fixing.new_errors(sample, after, checker):
            return Plan(refused=fixing.refusal_of(new))
        return Plan(edits, {BEFORE: checker.tokens(sample), AFTER: checker.tokens(after)})


KIND = Clean()

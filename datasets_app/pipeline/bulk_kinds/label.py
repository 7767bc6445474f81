"""Give many samples one label of the contract as their answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from datasets_app.core import fixing, samples
from datasets_app.core.engine import Checker
from datasets_app.core.fixing import Edit
from datasets_app.models import Dataset
from datasets_app.pipeline.grading import checker_of
from ftstudio.errors import InvalidInput, Listed, Text

from ._content import ContentKind
from .base import Parameter, Plan

SHOWN = 20  # labels named in a refusal

_NO_ANSWER = Text("It has no answer that is plain text: label it on the desk.")


class Label(ContentKind):
    """`what` is {"label": one of the contract's labels, to the letter}."""

    name = "label"
    label = Text("Label")
    help = Text(
        "Make one label the answer of all samples of this part of the list. The answers before stay in the history."
    )
    order = 35
    origin = "edit"

    def offered(self, dataset: Dataset) -> bool:
        return bool(_labels(dataset))

    def parse(self, dataset: Dataset, what: Mapping[str, Any]) -> dict[str, Any]:
        labels, wanted = _labels(dataset), what.get("label")
        if not labels:
            raise InvalidInput(what=Text("The contract of this dataset names no labels."))
        if wanted not in labels:
            known = Listed([*labels[:SHOWN], *(["…"] if len(labels) > SHOWN else [])])
            raise InvalidInput(what=Text("Choose one of the contract's labels: {known}.", known=known))
        return {"label": wanted}

    def parameters(self, found: Mapping[str, int]) -> Sequence[Parameter]:
        return (Parameter("label", Text("Label"), longest=200),)

    def asks(self, dataset: Dataset, found: Mapping[str, int]) -> Sequence[Parameter]:
        return (
            Parameter("label", Text("Label"), choices=tuple((name, Text("{x}", x=name)) for name in _labels(dataset))),
        )

    def says(self, what: Mapping[str, Any]) -> Text:
        return Text("Label “{label}”", label=what["label"])

    def changed(
        self, sample: samples.Sample, checker: Checker, what: Mapping[str, Any], passed: frozenset[str] | set[str]
    ) -> Plan:
        answer, wanted = sample.answer, what["label"]
        if answer is None or not isinstance(answer.content, str):
            return Plan(refused=_NO_ANSWER)
        if answer.content == wanted:
            return Plan()
        edit = Edit(f"/messages/{len(sample.messages) - 1}/content", answer.content, wanted)
        after = fixing.with_edits(sample, [edit]) or sample
        if new := fixing.new_errors(sample, after, checker):
            return Plan(refused=fixing.refusal_of(new))
        return Plan((edit,), {wanted[:40]: 1})


def _labels(dataset: Dataset) -> tuple[str, ...]:
    labels = checker_of(dataset).contract.labels
    return labels.values if labels else ()


KIND = Label()

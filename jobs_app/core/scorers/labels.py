"""Whether an answer is the right one of a closed set."""

from __future__ import annotations

from datasets_app.core.contracts.model import Contract
from datasets_app.core.labels import within
from datasets_app.core.normalisers import NORMALISERS
from ftstudio.errors import Text
from jobs_app.core.pooling import MACRO_F1, Statistic

from .base import Answered, Example, Scorer

_RAIN = {"labels": {"values": ["会下雨", "不会下雨"]}}
NO_LABEL = -1


def number_of(text: str, answered: Answered) -> int:
    """Which of the contract's labels the text is, after the normalisers; `NO_LABEL` for none."""
    contract = answered.contract
    if contract.labels is None:
        return NO_LABEL
    values = contract.labels.values
    if text not in values:
        for name in contract.normalisers:
            text = NORMALISERS[name].apply(text, contract=contract, source=answered.source)
    return values.index(text) if text in values else NO_LABEL


def numbers(answered: Answered) -> tuple[int, int] | None:
    """The label wanted and the one given; None where the reference is no label."""
    wanted = number_of(answered.reference_text, answered)
    return None if wanted == NO_LABEL else (wanted, number_of(answered.text, answered))


class _OfLabels(Scorer):
    good = (Example("会下雨", "会下雨", _RAIN),)

    def applies(self, contract: Contract) -> bool:
        return contract.labels is not None


class LabelAccuracy(_OfLabels):
    name = "label-accuracy"
    label = Text("Right label")
    help = Text("The answer is exactly the reference's label, after the contract's normalisers.")
    bad = (Example("不会下雨", "会下雨", _RAIN), Example("会下雨。", "会下雨", _RAIN))

    def score(self, answered: Answered) -> float | None:
        both = numbers(answered)
        return None if both is None else float(both[0] == both[1])


class LabelFound(_OfLabels):
    name = "label-found"
    label = Text("Right label somewhere in the answer")
    help = Text(
        "The answer holds the reference's label and no other. The longest is looked for first, so that “不会下雨” is "
        "never taken for “会下雨”. Shown beside the right labels, never added to them."
    )
    good = (Example("看样子会下雨。", "会下雨", _RAIN),)
    bad = (Example("看样子不会下雨。", "会下雨", _RAIN), Example("会下雨，也可能不会下雨", "会下雨", _RAIN))

    def score(self, answered: Answered) -> float | None:
        both, labels = numbers(answered), answered.contract.labels
        if both is None or labels is None:
            return None
        return float(both[0] == both[1] or within(answered.text, labels.values) == [labels.values[both[0]]])


class OffLabel(_OfLabels):
    name = "off-label"
    label = Text("No label at all")
    help = Text("The answer is none of the contract's labels, after its normalisers.")
    better = "lower"
    bad = (Example("多云", "会下雨", _RAIN), Example("```\n会下雨\n```", "会下雨", _RAIN))

    def score(self, answered: Answered) -> float | None:
        return float(number_of(answered.text, answered) == NO_LABEL)


class MacroF1(_OfLabels):
    name = "macro-f1"
    label = Text("Macro F1 of the labels")
    help = Text(
        "The F1 of each label that the references have, and their mean: a rare label counts as much as a common one. "
        "An answer that is no label is a miss for the wanted one."
    )
    kind = "share"
    unit = ""
    terms = ("wanted", "given")
    bad = (Example("不会下雨", "会下雨", _RAIN),)

    @property
    def statistic(self) -> Statistic:
        return MACRO_F1

    def score(self, answered: Answered) -> float | None:
        both = numbers(answered)
        return None if both is None else float(both[0] == both[1])

    def parts(self, answered: Answered) -> tuple[float, float] | None:
        return numbers(answered)


SCORER = (LabelAccuracy(), LabelFound(), OffLabel(), MacroF1())

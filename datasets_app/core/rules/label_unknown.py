"""An answer outside the closed set."""

from __future__ import annotations

from collections.abc import Iterator

from datasets_app.core.contracts.model import Contract
from datasets_app.core.examples import chat
from datasets_app.core.findings import Finding, Fix
from datasets_app.core.labels import nearest, within
from datasets_app.core.profiles import Profile
from datasets_app.core.rules.base import Context, Rule
from datasets_app.core.samples import Sample
from ftstudio.errors import Listed, Text

_CONTRACT = {"labels": {"values": ["会下雨", "不会下雨"]}}


class LabelUnknown(Rule):
    name = "label-unknown"
    version = 3
    title = Text("Answer is no known label")
    help = Text(
        "The answer must be exactly one of the labels, after the contract's normalisers. “会下雨。” is not “会下雨”: "
        "marks and spaces around a label, letter case, width and traditional characters are mended by the fix."
    )
    good = ((chat("明天？", "会下雨"), _CONTRACT),)
    bad = (
        (chat("明天？", "会下雨。"), _CONTRACT),
        (chat("明天？", "會下雨"), _CONTRACT),
        (chat("明天？", "看样子会下雨"), _CONTRACT),
    )

    def applies(self, contract: Contract, profile: Profile) -> bool:
        return contract.labels is not None

    def check(self, sample: Sample, context: Context) -> Iterator[Finding]:
        answer = context.answer(sample)
        labels = context.contract.labels
        if answer is None or labels is None or answer.text in labels.values:
            return
        text = answer.normalised(context.contract)
        if text in labels.values:
            return
        shown = text if len(text) <= 40 else text[:39] + "…"
        end = len(answer.text)
        if (near := nearest(text, labels.values)) is not None:
            said = Text("“{label}” is none of the labels: write “{near}”.", label=shown, near=near)
            yield self.found(said, answer.path, 0, end, Fix(0, end, near))
        elif holds := within(text, labels.values):
            yield self.found(
                Text("“{label}” is none of the labels, though it holds {labels}: write the label alone.", label=shown,
                     labels=Listed(f"“{label}”" for label in holds[:6])),
                answer.path,
            )  # fmt: skip
        else:
            yield self.found(Text("“{label}” is none of the labels.", label=shown), answer.path)


RULE = LabelUnknown()

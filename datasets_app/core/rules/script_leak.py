"""Letters of a script that does not belong."""

from __future__ import annotations

from collections.abc import Iterator

from datasets_app.core.contracts.model import Contract
from datasets_app.core.examples import chat
from datasets_app.core.findings import Finding
from datasets_app.core.profiles import Profile
from datasets_app.core.rules.base import Context, Rule
from datasets_app.core.samples import Sample
from datasets_app.core.scripts import SCRIPT_LABELS, foreign_runs
from ftstudio.errors import Listed, Text

_CONTRACT = {"text": {"scripts": ["Han"]}}


class ScriptLeak(Rule):
    name = "script-leak"
    version = 2
    severity = "warning"
    title = Text("Foreign script")
    help = Text(
        "The answer must be written in the scripts that the contract lists. A word of the input may be repeated, and a "
        "single Greek letter of a formula (π) is no foreign word."
    )
    good = (
        (chat("雨伞", "晴天被遗忘 100 次。"), _CONTRACT),
        (chat("什么是 Python？", "Python 是一种语言。"), _CONTRACT),
        (chat("圆周率？", "圆周率π约为 3.14。"), _CONTRACT),
    )
    bad = ((chat("雨伞", "晴天 always 被遗忘。"), _CONTRACT),)

    def applies(self, contract: Contract, profile: Profile) -> bool:
        return any(rules.scripts for rules in contract.text)

    def check(self, sample: Sample, context: Context) -> Iterator[Finding]:
        for place in context.places(sample):
            if place.rules.scripts:
                for start, end in foreign_runs(place.text, place.rules.scripts):
                    run = place.text[start:end]
                    if run not in place.answer.source:
                        yield self.found_at(
                            place,
                            Text("“{word}” is not written in {scripts}.", word=run[:40],
                                 scripts=Listed(SCRIPT_LABELS[name] for name in place.rules.scripts)),
                            start, end,
                        )  # fmt: skip


RULE = ScriptLeak()

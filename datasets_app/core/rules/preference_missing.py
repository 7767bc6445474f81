"""A sample without the wrong answer that a pair needs."""

from __future__ import annotations

from collections.abc import Iterator

from datasets_app.core.contracts.model import Contract
from datasets_app.core.examples import chat
from datasets_app.core.findings import Finding
from datasets_app.core.profiles import Profile
from datasets_app.core.rules.base import Context, Rule
from datasets_app.core.samples import Message, Sample
from ftstudio.errors import Text

_CONTRACT = {"pairs": True}
_ASKED = chat("France?", "Paris")


class PreferenceMissing(Rule):
    name = "preference-missing"
    title = Text("No rejected answer")
    help = Text("Preference training learns from pairs: beside the right answer each sample needs a wrong one.")
    good = ((Sample(_ASKED.messages, rejected=(Message("assistant", "Lyon"),)), _CONTRACT), _ASKED)
    bad = ((_ASKED, _CONTRACT),)

    def applies(self, contract: Contract, profile: Profile) -> bool:
        return contract.pairs

    def check(self, sample: Sample, context: Context) -> Iterator[Finding]:
        if not sample.rejected and sample.answer is not None:
            yield self.found(Text("There is no rejected answer: write what the model got wrong, or leave it out."))


RULE = PreferenceMissing()

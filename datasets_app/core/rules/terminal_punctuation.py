"""The answer ends otherwise than it should."""

from __future__ import annotations

from collections.abc import Iterator

from datasets_app.core.contracts.model import Contract
from datasets_app.core.examples import chat
from datasets_app.core.findings import Finding
from datasets_app.core.profiles import Profile
from datasets_app.core.rules.base import Context, Rule
from datasets_app.core.samples import Sample
from ftstudio.errors import Listed, Text

_CONTRACT = {"text": {"ends_with": ["。"]}}


class TerminalPunctuation(Rule):
    name = "terminal-punctuation"
    title = Text("Wrong ending")
    help = Text("The answer must end with one of the endings that the contract lists, and with no other.")
    good = ((chat("雨伞", "晴天被遗忘。"), _CONTRACT),)
    bad = ((chat("雨伞", "晴天被遗忘"), _CONTRACT), (chat("雨伞", "晴天被遗忘！"), _CONTRACT))

    def applies(self, contract: Contract, profile: Profile) -> bool:
        return any(rules.ends_with for rules in contract.text)

    def check(self, sample: Sample, context: Context) -> Iterator[Finding]:
        for place in context.places(sample):
            endings = place.rules.ends_with
            text = place.text
            if not endings or text.endswith(endings):
                continue
            text = text.rstrip()  # spaces at the end are another rule's finding
            if not text or text.endswith(endings):
                continue
            end = len(text)
            # Adding is safe after a word; what stands in place of another mark is for a person to decide.
            append = endings[0] if text[-1].isalnum() else None
            yield self.found_at(
                place,
                Text("The answer must end with {endings}, not with “{last}”.", last=text[-1],
                     endings=Listed(f"“{ending}”" for ending in endings)),
                end - 1, end, append, (end, end),
            )  # fmt: skip


RULE = TerminalPunctuation()

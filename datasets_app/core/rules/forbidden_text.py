"""A text that the contract forbids."""

from __future__ import annotations

from collections.abc import Iterator

from datasets_app.core.contracts.model import Contract
from datasets_app.core.contracts.patterns import TooSlow
from datasets_app.core.examples import chat
from datasets_app.core.findings import Finding
from datasets_app.core.profiles import Profile
from datasets_app.core.rules.base import Context, Rule
from datasets_app.core.rules.required_text import LOOKED_AT
from datasets_app.core.samples import Sample
from ftstudio.errors import Text


class ForbiddenText(Rule):
    name = "forbidden-text"
    title = Text("Forbidden text")
    help = Text("The answer must not match any pattern that the contract forbids.")
    good = ((chat("Greet.", "Hello!"), {"text": {"forbid": ["(?i)as an ai"]}}),)
    bad = ((chat("Greet.", "As an AI I cannot."), {"text": {"forbid": ["(?i)as an ai"]}}),)

    def applies(self, contract: Contract, profile: Profile) -> bool:
        return any(rules.forbid for rules in contract.text)

    def check(self, sample: Sample, context: Context) -> Iterator[Finding]:
        for place in context.places(sample):
            for pattern in place.rules.forbid:
                try:
                    match = pattern.search(place.text, 0, LOOKED_AT)
                except TooSlow as slow:
                    yield self.found_at(place, slow.text)
                    continue
                if match:
                    yield self.found_at(
                        place, Text("“{found}” is forbidden here.", found=match.group()[:40]),
                        match.start(), match.end(),
                    )  # fmt: skip


RULE = ForbiddenText()

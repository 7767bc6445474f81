"""A text that the contract requires."""

from __future__ import annotations

from collections.abc import Iterator

from datasets_app.core.contracts.model import Contract
from datasets_app.core.contracts.patterns import TooSlow
from datasets_app.core.examples import chat
from datasets_app.core.findings import Finding
from datasets_app.core.profiles import Profile
from datasets_app.core.rules.base import Context, Rule
from datasets_app.core.samples import Sample
from ftstudio.errors import Text

LOOKED_AT = 20_000  # characters; a person's pattern is never run over more


class RequiredText(Rule):
    name = "required-text"
    title = Text("Required text is missing")
    help = Text("The answer must match each pattern that the contract requires.")
    good = ((chat("Greet.", "Hello, Li!"), {"text": {"require": ["^Hello"]}}),)
    bad = ((chat("Greet.", "Good day."), {"text": {"require": ["^Hello"]}}),)

    def applies(self, contract: Contract, profile: Profile) -> bool:
        return any(rules.require for rules in contract.text)

    def check(self, sample: Sample, context: Context) -> Iterator[Finding]:
        for place in context.places(sample):
            for pattern in place.rules.require:
                try:
                    missing = pattern.search(place.text, 0, LOOKED_AT) is None
                except TooSlow as slow:
                    yield self.found_at(place, slow.text)
                    continue
                if missing:
                    yield self.found_at(place, Text("“{pattern}” is missing.", pattern=pattern.pattern))


RULE = RequiredText()

"""Too many or too few characters."""

from __future__ import annotations

from collections.abc import Iterator

from datasets_app.core.contracts.model import Contract
from datasets_app.core.examples import chat
from datasets_app.core.findings import Finding
from datasets_app.core.profiles import Profile
from datasets_app.core.rules.base import Context, Rule
from datasets_app.core.samples import Sample
from ftstudio.errors import Text

_CONTRACT = {"text": {"characters": {"min": 2, "max": 6}}}


class TooLong(Rule):
    name = "too-long"
    title = Text("Length of the answer")
    help = Text("The answer must be as long as the contract says, counted in characters without the spaces around it.")
    good = ((chat("France?", "Paris"), _CONTRACT),)
    bad = ((chat("France?", "It is Paris."), _CONTRACT), (chat("France?", "P"), _CONTRACT))

    def applies(self, contract: Contract, profile: Profile) -> bool:
        return any(rules.characters for rules in contract.text)

    def check(self, sample: Sample, context: Context) -> Iterator[Finding]:
        for place in context.places(sample):
            bounds = place.rules.characters
            if bounds is None:
                continue
            text = place.text.strip()
            if bounds.holds(len(text)):
                continue
            if bounds.max is not None and len(text) > bounds.max:
                start = place.text.find(text) + bounds.max
                yield self.found_at(
                    place, Text("Characters: {count}, at most {max} wanted.", count=len(text), max=bounds.max),
                    start, start + len(text) - bounds.max,
                )  # fmt: skip
            else:
                yield self.found_at(
                    place, Text("Characters: {count}, at least {min} wanted.", count=len(text), min=bounds.min)
                )


RULE = TooLong()

"""An answer that must be JSON and is not."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from datasets_app.core.contracts.model import Contract
from datasets_app.core.examples import chat
from datasets_app.core.findings import Finding
from datasets_app.core.profiles import Profile
from datasets_app.core.rules.base import Context, Example, Rule
from datasets_app.core.samples import Sample
from ftstudio.errors import Text

_CONTRACT = {"json": {"schema": {"type": "object"}}}


class JsonInvalid(Rule):
    """The same name as the line-level refusal: both say that something which must be JSON is not."""

    name = "json-invalid"
    title = Text("Not valid JSON")
    help = Text(
        "Each line of a data file is one JSON object, and where the contract has a JSON Schema the answer is JSON too."
    )
    good: ClassVar[tuple[Example, ...]] = ((chat("Li, 30", '{"name": "Li"}'), _CONTRACT), chat("Li, 30", "Li is 30."))
    bad: ClassVar[tuple[Example, ...]] = (
        (chat("Li, 30", "Li is 30."), _CONTRACT),
        (chat("Li, 30", '{"name": "Li",}'), _CONTRACT),
    )
    codes: ClassVar[tuple[str, ...]] = ("json-invalid", "text-not-unicode")

    def applies(self, contract: Contract, profile: Profile) -> bool:
        return contract.json is not None

    def check(self, sample: Sample, context: Context) -> Iterator[Finding]:
        answer = context.answer(sample)
        if answer is None or (answer.value is not None and answer.error is None):
            return
        if answer.error is not None and answer.error.code in self.codes:
            yield self.found(Text("In the answer: {reason}", reason=answer.error.text), answer.path)


RULE = JsonInvalid()

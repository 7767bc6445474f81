"""What the two rules about sensitive values share: they look everywhere in a sample and never say a value."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from typing import ClassVar

from datasets_app.core.findings import Finding
from datasets_app.core.rules.base import Context, Rule
from datasets_app.core.samples import Message, Sample
from datasets_app.core.sensitive import Spot
from ftstudio.errors import Text


class SensitiveRule(Rule):
    """Looks into every turn, what was thought before it, the rejected answer and the arguments of calls.

    `said` takes `kind` and masked `value`.
    """

    said: ClassVar[Text]

    @abstractmethod
    def spots(self, text: str) -> Iterator[Spot]:
        """The sensitive values of one text."""

    def check(self, sample: Sample, context: Context) -> Iterator[Finding]:
        yield from self._of(sample.messages, "messages")
        if sample.rejected:
            yield from self._of(sample.rejected, "rejected")

    def _of(self, messages: tuple[Message, ...], part: str) -> Iterator[Finding]:
        for at, message in enumerate(messages):
            for spot in self.spots(message.text):
                yield self._told(spot, f"/{part}/{at}/content")
            if message.reasoning:
                for spot in self.spots(message.reasoning):
                    yield self._told(spot, f"/{part}/{at}/reasoning")
            for index, call in enumerate(message.tool_calls):
                for spot in self.spots(call.arguments):
                    yield self._told(spot, f"/{part}/{at}/tool_calls/{index}/arguments")

    def _told(self, spot: Spot, path: str) -> Finding:
        return self.found(Text(self.said.template, kind=spot.kind, value=spot.masked), path, spot.start, spot.end)

"""A key, token or password that would be trained into the model."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import ClassVar

from datasets_app.core import sensitive
from datasets_app.core.findings import Finding
from datasets_app.core.rules.base import Context, Example, Rule, chat
from datasets_app.core.samples import Message, Sample
from datasets_app.core.sensitive import Spot
from ftstudio.errors import Text

_KEY = "sk-" + "a1B2c3D4e5F6g7H8i9J0"  # put together here, so that nobody takes it for a real one


class Secret(Rule):
    name = "secret"
    title = Text("Secret in the text")
    help = Text(
        "API keys, private keys, tokens and passwords. A model repeats what it was trained on, and a file that leaves "
        "the house takes them along. Values are shown masked."
    )
    good: ClassVar[tuple[Example, ...]] = (
        chat("How do I sign in?", "Put your key into the variable API_KEY=YOUR_KEY_GOES_HERE."),
        chat("What is a token?", "A piece of a word."),
    )
    bad: ClassVar[tuple[Example, ...]] = (
        chat("It fails.", f"Use api_key = {_KEY} for now."),
        chat("-----BEGIN RSA PRIVATE KEY-----", "A key."),
    )
    spots: ClassVar[Callable[[str], Iterator[Spot]]] = staticmethod(sensitive.secrets)
    suspects: ClassVar[Callable[[str], bool]] = staticmethod(sensitive.may_hold_secrets)
    said: ClassVar[Text] = Text("A secret ({kind}) stands here: {value}. Take it out, and have it replaced.")

    def check(self, sample: Sample, context: Context) -> Iterator[Finding]:
        if not self.suspects(context.whole(sample)):
            return
        yield from self._of(sample.messages, "messages")
        if sample.rejected:
            yield from self._of(sample.rejected, "rejected")

    def _of(self, messages: tuple[Message, ...], part: str) -> Iterator[Finding]:
        spots = self.spots
        for at, message in enumerate(messages):
            for spot in spots(message.text):
                yield self._told(spot, f"/{part}/{at}/content")
            for index, call in enumerate(message.tool_calls):
                for spot in spots(call.arguments):
                    yield self._told(spot, f"/{part}/{at}/tool_calls/{index}/arguments")

    def _told(self, spot: Spot, path: str) -> Finding:
        return self.found(Text(self.said.template, kind=spot.kind, value=spot.masked), path, spot.start, spot.end)


RULE = Secret()

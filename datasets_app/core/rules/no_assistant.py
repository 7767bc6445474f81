"""A conversation without any turn of the assistant."""

from __future__ import annotations

from collections.abc import Iterator

from datasets_app.core.examples import chat, turns
from datasets_app.core.findings import Finding
from datasets_app.core.profiles import ALL_ROLES
from datasets_app.core.rules.base import Context, Rule
from datasets_app.core.samples import Sample
from ftstudio.errors import Text


class NoAssistant(Rule):
    name = "no-assistant"
    by_roles = True
    title = Text("No assistant turn")
    help = Text("Without a turn of the assistant there is nothing to learn from the sample.")
    good = (chat("France?", "Paris"),)
    bad = (turns(("user", "France?")),)

    def check(self, sample: Sample, context: Context) -> Iterator[Finding]:
        for message in sample.messages:
            if message.role == "assistant" or message.role not in ALL_ROLES:  # an unknown role is mended first
                return
        yield self.found(Text("There is no assistant turn: write the answer."))


RULE = NoAssistant()

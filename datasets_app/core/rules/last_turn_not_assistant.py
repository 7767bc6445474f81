"""A conversation that does not end with the answer."""

from __future__ import annotations

from collections.abc import Iterator

from datasets_app.core.examples import chat
from datasets_app.core.findings import Finding
from datasets_app.core.profiles import ALL_ROLES
from datasets_app.core.rules.base import Context, Rule
from datasets_app.core.samples import Sample
from ftstudio.errors import Text


class LastTurnNotAssistant(Rule):
    name = "last-turn-not-assistant"
    by_roles = True
    title = Text("Last turn is not the assistant's")
    help = Text("The last turn is the answer that is trained, so it must be the assistant's.")
    good = (chat("France?", "Paris"),)
    bad = (chat("France?", "Paris", "Italy?"),)

    def check(self, sample: Sample, context: Context) -> Iterator[Finding]:
        messages = sample.messages
        if not messages or messages[-1].role == "assistant" or messages[-1].role not in ALL_ROLES:
            return
        if any(message.role == "assistant" for message in messages):
            yield self.found(
                Text("The last turn must be the assistant's: write the answer or remove the turn."),
                f"/messages/{len(messages) - 1}/role",
            )


RULE = LastTurnNotAssistant()

"""A conversation that the user does not open."""

from __future__ import annotations

from collections.abc import Iterator

from datasets_app.core.examples import chat, turns
from datasets_app.core.findings import Finding
from datasets_app.core.rules.base import Context, Rule
from datasets_app.core.rules.system_not_first import SYSTEM
from datasets_app.core.samples import Sample
from ftstudio.errors import Text


class FirstTurnNotUser(Rule):
    name = "first-turn-not-user"
    by_roles = True
    severity = "warning"
    title = Text("First turn is not the user's")
    help = Text("After the system turn the user speaks first. Some providers refuse anything else.")
    good = (chat("France?", "Paris", system="You name capitals."),)
    bad = (turns(("assistant", "Hello!"), ("user", "France?"), ("assistant", "Paris")),)

    def check(self, sample: Sample, context: Context) -> Iterator[Finding]:
        for at, message in enumerate(sample.messages):
            if message.role not in SYSTEM:
                if message.role in ("assistant", "tool", "function"):
                    yield self.found(Text("The first turn after the system turn must be the user's."),
                                     f"/messages/{at}/role")  # fmt: skip
                return


RULE = FirstTurnNotUser()

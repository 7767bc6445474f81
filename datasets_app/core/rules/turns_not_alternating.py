"""Two turns of one side in a row."""

from __future__ import annotations

from collections.abc import Iterator

from datasets_app.core.examples import chat, turns
from datasets_app.core.findings import Finding
from datasets_app.core.roles import role_label
from datasets_app.core.rules.base import Context, Rule
from datasets_app.core.samples import Sample
from ftstudio.errors import Text


class TurnsNotAlternating(Rule):
    name = "turns-not-alternating"
    by_roles = True
    severity = "warning"
    title = Text("Turns do not alternate")
    help = Text(
        "User and assistant take turns. Two turns of one side in a row are refused by some providers and joined "
        "by others; the results of tools stand between two turns of the assistant."
    )
    good = (
        chat("France?", "Paris", "Italy?", "Rome"),
        turns(("user", "Rain?"), ("assistant", "Let me look."), ("tool", "yes"), ("assistant", "It will rain.")),
    )
    bad = (turns(("user", "France?"), ("user", "Quickly!"), ("assistant", "Paris")),)

    def check(self, sample: Sample, context: Context) -> Iterator[Finding]:
        before = ""
        for at, message in enumerate(sample.messages):
            role = message.role
            if role == before and role in ("user", "assistant"):
                yield self.found(
                    Text(
                        "Two turns in a row are from the same side ({role}): join them or add what is missing.",
                        role=role_label(role),
                    ),
                    f"/messages/{at}/role",
                )
            if role not in ("system", "developer"):
                before = role


RULE = TurnsNotAlternating()

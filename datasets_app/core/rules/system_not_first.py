"""A system turn anywhere but at the start."""

from __future__ import annotations

from collections.abc import Iterator

from datasets_app.core.examples import chat, turns
from datasets_app.core.findings import Finding
from datasets_app.core.rules.base import Context, Rule
from datasets_app.core.samples import Sample
from ftstudio.errors import Text

SYSTEM = ("system", "developer")


class SystemNotFirst(Rule):
    name = "system-not-first"
    by_roles = True
    severity = "warning"
    title = Text("System turn is not first")
    help = Text(
        "There is at most one system turn, and it opens the conversation. Most chat templates cannot place another."
    )
    good = (chat("France?", "Paris", system="You name capitals."),)
    bad = (
        turns(("user", "France?"), ("assistant", "Paris"), ("system", "You name capitals."), ("user", "Italy?"),
              ("assistant", "Rome")),
    )  # fmt: skip

    def check(self, sample: Sample, context: Context) -> Iterator[Finding]:
        for at, message in enumerate(sample.messages):
            if at and message.role in SYSTEM:
                yield self.found(Text("A system turn must be the first turn."), f"/messages/{at}/role")


RULE = SystemNotFirst()

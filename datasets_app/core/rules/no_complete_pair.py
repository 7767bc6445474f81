"""No user turn that is answered."""

from __future__ import annotations

from collections.abc import Iterator

from datasets_app.core.examples import chat, turns
from datasets_app.core.findings import Finding
from datasets_app.core.profiles import ALL_ROLES
from datasets_app.core.rules.base import Context, Rule
from datasets_app.core.samples import Sample
from ftstudio.errors import Text


class NoCompletePair(Rule):
    name = "no-complete-pair"
    by_roles = True
    title = Text("No question with an answer")
    help = Text("A sample needs at least one user turn that an assistant turn answers.")
    good = (chat("France?", "Paris"),)
    bad = (turns(("system", "Greet."), ("assistant", "Hello!")),)

    def check(self, sample: Sample, context: Context) -> Iterator[Finding]:
        asked = answered = False
        for message in sample.messages:
            if message.role not in ALL_ROLES:
                return  # an unknown role is mended first
            if message.role == "user":
                asked = True
            elif message.role == "assistant":
                if asked:
                    return
                answered = True
        if answered:  # no assistant turn at all is another rule's finding
            yield self.found(Text("No user turn is answered by an assistant turn."))


RULE = NoCompletePair()

"""A wrong answer that is the right one."""

from __future__ import annotations

from collections.abc import Iterator

from datasets_app.core.examples import chat
from datasets_app.core.findings import Finding
from datasets_app.core.rules.base import Context, Rule
from datasets_app.core.samples import Message, Sample
from datasets_app.core.traits import PAIR
from ftstudio.errors import Text

_ASKED = chat("France?", "Paris").messages


class PreferenceIdentical(Rule):
    name = "preference-identical"
    needs = PAIR
    title = Text("Both answers are the same")
    help = Text("A pair teaches by its difference: the rejected answer must differ from the right one.")
    good = (Sample(_ASKED, rejected=(Message("assistant", "Lyon"),)),)
    bad = (Sample(_ASKED, rejected=(Message("assistant", " Paris"),)),)

    def check(self, sample: Sample, context: Context) -> Iterator[Finding]:
        if not sample.rejected or sample.answer is None:
            return
        wrong, right = sample.rejected[-1], sample.answer
        if wrong.text.strip() == right.text.strip() and _calls(wrong) == _calls(right):
            yield self.found(
                Text("The rejected answer is the same as the right one."),
                f"/rejected/{len(sample.rejected) - 1}/content",
            )


def _calls(message: Message) -> list[tuple[str, str]]:
    return [(call.name, call.arguments) for call in message.tool_calls]


RULE = PreferenceIdentical()

"""White space around the answer."""

from __future__ import annotations

from collections.abc import Iterator

from datasets_app.core.examples import chat
from datasets_app.core.findings import Finding, Fix
from datasets_app.core.rules.base import Context, Rule
from datasets_app.core.samples import Sample
from ftstudio.errors import Text


class TrailingSpace(Rule):
    name = "trailing-space"
    severity = "hint"
    title = Text("White space at the end")
    help = Text("Spaces and line breaks at the end of an answer are learned like any other character.")
    good = (chat("France?", "Paris"),)
    bad = (chat("France?", "Paris \n"),)

    def check(self, sample: Sample, context: Context) -> Iterator[Finding]:
        answer = context.answer(sample)
        if answer is None or not answer.text[-1].isspace():
            return
        text = answer.text
        start = len(text.rstrip())
        yield self.found(
            Text("Remove the white space at the end."), answer.path, start, len(text), Fix(start, len(text), "")
        )


RULE = TrailingSpace()

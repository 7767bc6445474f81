"""A control token of a chat template inside the text."""

from __future__ import annotations

import re
from collections.abc import Iterator

from datasets_app.core.examples import chat
from datasets_app.core.findings import Finding, Fix
from datasets_app.core.rules.base import Context, Rule, content_path
from datasets_app.core.samples import Sample
from datasets_app.core.traits import MARKS
from ftstudio.errors import Text

_TOKEN = re.compile(r"<[|｜][^|｜<>\s]{1,40}[|｜]>")


class SpecialToken(Rule):
    name = "special-token"
    needs = MARKS
    severity = "warning"
    title = Text("Special token in the text")
    help = Text(
        "Text such as <|im_end|> is a control token of chat templates: it ends turns early, and a provider may "
        "fail the whole job because of one."
    )
    good = (chat("What is a < b | c > d?", "A comparison."),)
    bad = (chat("France?", "Paris<|im_end|>"),)

    def check(self, sample: Sample, context: Context) -> Iterator[Finding]:
        for at, message in enumerate(sample.messages):
            text = message.text
            if "|>" in text or "｜>" in text:
                for match in _TOKEN.finditer(text):
                    last = match.end() == len(text.rstrip())  # inside a text, a person decides what is meant
                    fix = Fix(match.start(), match.end(), "") if last else None
                    yield self.found(
                        Text("The control token “{token}” stands in the text: remove it.", token=match.group()),
                        content_path(at), match.start(), match.end(), fix,
                    )  # fmt: skip


RULE = SpecialToken()

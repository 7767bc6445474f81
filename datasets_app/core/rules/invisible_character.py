"""A character that nobody can see."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator

from datasets_app.core.examples import chat
from datasets_app.core.findings import Finding, Fix
from datasets_app.core.rules.base import Context, Rule, content_path
from datasets_app.core.samples import Sample
from datasets_app.core.traits import HIDDEN, INVISIBLE
from ftstudio.errors import Text

_BREAKS = "\x0b\x0c\x85\u2028\u2029"  # what a reader may have taken for a line break


class InvisibleCharacter(Rule):
    name = "invisible-character"
    needs = HIDDEN
    severity = "warning"
    title = Text("Invisible character")
    help = Text("Zero-width and control characters come along when text is copied. A model learns to write them.")
    good = (chat("France?", "Paris 👩‍🔬"),)
    bad = (chat("France?", "Par\u200bis"), chat("\ufeffFrance?", "Paris"))

    def check(self, sample: Sample, context: Context) -> Iterator[Finding]:
        for at, message in enumerate(sample.messages):
            text = message.text
            is_json = context.contract.json is not None and at == len(sample.messages) - 1
            line_break = "\\n" if is_json else "\n"  # a text in JSON has its line breaks escaped
            for match in INVISIBLE.finditer(text):
                char = match.group()
                yield self.found(
                    Text("The invisible character {code} ({name}) stands here.", code=f"U+{ord(char):04X}",
                         name=unicodedata.name(char, "control character").lower()),
                    content_path(at), match.start(), match.end(),
                    Fix(match.start(), match.end(), line_break if char in _BREAKS else ""),
                )  # fmt: skip


RULE = InvisibleCharacter()

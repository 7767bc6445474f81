"""A turn with nothing in it."""

from __future__ import annotations

from collections.abc import Iterator

from datasets_app.core.examples import chat
from datasets_app.core.findings import Finding
from datasets_app.core.rules.base import Context, Rule, calls_something, content_path
from datasets_app.core.samples import Message, Sample
from datasets_app.core.traits import BLANK, PARTS
from ftstudio.errors import Text


class ContentEmpty(Rule):
    name = "content-empty"
    needs = BLANK | PARTS
    title = Text("Empty turn")
    help = Text("An empty turn teaches nothing, and some trainers refuse the file. A tool may answer with nothing.")
    good = (chat("France?", "Paris"),)
    bad = (chat("France?", "  \n"), chat("", "Paris"))

    def check(self, sample: Sample, context: Context) -> Iterator[Finding]:
        for at, message in enumerate(sample.messages):
            content = message.content
            if isinstance(content, str):
                empty = not content or content.isspace()
            else:
                empty = isinstance(content, list) and _says_nothing(message)
            if empty and message.role not in ("tool", "function") and not calls_something(message):
                yield self.found(Text("This turn is empty: write its text or remove the sample."), content_path(at))


def _says_nothing(message: Message) -> bool:
    parts = message.content if isinstance(message.content, list) else []
    return not message.text.strip() and all(set(part) <= {"type", "text"} for part in parts)


RULE = ContentEmpty()

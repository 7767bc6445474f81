"""A turn whose content is null though it stands for nothing else."""

from __future__ import annotations

from collections.abc import Iterator

from datasets_app.core.codecs.base import KEYS
from datasets_app.core.examples import chat, turns
from datasets_app.core.findings import Finding
from datasets_app.core.rules.base import Context, Rule, calls_something, content_path
from datasets_app.core.samples import Message, Sample, ToolCall
from datasets_app.core.traits import PARTS
from ftstudio.errors import Text


class ContentMissing(Rule):
    name = "content-missing"
    needs = PARTS
    title = Text("Content is null")
    help = Text("Content may be null only where the assistant calls a tool or refuses.")
    good = (
        chat("France?", "Paris"),
        Sample((Message("user", "Rain?"), Message("assistant", None, tool_calls=(ToolCall("weather", "{}"),))),
               tools=({"type": "function", "function": {"name": "weather"}},)),
    )  # fmt: skip
    bad = (turns(("user", "France?"), ("assistant", None)),)

    def check(self, sample: Sample, context: Context) -> Iterator[Finding]:
        for at, message in enumerate(sample.messages):
            if message.content is None and not calls_something(message):
                if "content" not in message.extras.get(KEYS, ("content",)):
                    continue  # the key is absent, which is another rule's finding
                yield self.found(Text("The content is null: write the text of this turn."), content_path(at))


RULE = ContentMissing()

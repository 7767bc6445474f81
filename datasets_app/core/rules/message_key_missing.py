"""A message without its role or content key."""

from __future__ import annotations

from collections.abc import Iterator

from datasets_app.core.codecs.base import KEYS
from datasets_app.core.examples import chat
from datasets_app.core.findings import Finding
from datasets_app.core.rules.base import Context, Rule, calls_something
from datasets_app.core.samples import Message, Sample
from datasets_app.core.traits import EXTRAS
from ftstudio.errors import Text


class MessageKeyMissing(Rule):
    name = "message-key-missing"
    needs = EXTRAS
    title = Text("Message lacks a key")
    help = Text("Every message needs the keys “role” and “content”. Content may be absent only beside a tool call.")
    good = (
        chat("France?", "Paris"),
        Sample((
            Message("user", "Go"),
            Message("assistant", None, extras={"function_call": {"name": "go", "arguments": "{}"},
                                               KEYS: ["role", "function_call"]}),
        )),
    )  # fmt: skip
    bad = (
        Sample((Message("user", "France?"), Message("assistant", None, extras={KEYS: ["role"]}))),
        Sample((Message("user", "France?"), Message("assistant", "Paris"),
                Message("", "Italy?", extras={KEYS: ["content"]}),
                Message("assistant", "Rome"))),
    )  # fmt: skip

    def check(self, sample: Sample, context: Context) -> Iterator[Finding]:
        for at, message in enumerate(sample.messages):
            if message.extras and KEYS in message.extras:
                keys = message.extras[KEYS]
                if "role" not in keys and not message.role:
                    yield self.found(Text("The message has no key “role”."), f"/messages/{at}")
                if "content" not in keys and message.content is None and not calls_something(message):
                    yield self.found(Text("The message has no key “content”."), f"/messages/{at}")


RULE = MessageKeyMissing()

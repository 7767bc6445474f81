"""A message with a key that the trainer does not know."""

from __future__ import annotations

from collections.abc import Iterator

from datasets_app.core.codecs.base import MEMORY
from datasets_app.core.examples import chat
from datasets_app.core.findings import Finding
from datasets_app.core.profiles import MESSAGE_KEYS
from datasets_app.core.rules.base import Context, Rule
from datasets_app.core.samples import Message, Sample
from datasets_app.core.traits import CALLS, EXTRAS, FIELDS, WEIGHTS
from ftstudio.errors import Text


class MessageKeyUnknown(Rule):
    name = "message-key-unknown"
    needs = EXTRAS | FIELDS | CALLS | WEIGHTS
    severity = "warning"
    title = Text("Message has an unknown key")
    help = Text("Trainers refuse or ignore message keys that they do not know, such as a stray “note”.")
    good = (chat("France?", "Paris"), Sample((Message("user", "Go"), Message("assistant", "Gone", weight=0))))
    bad = (Sample((Message("user", "France?", extras={"note": "easy"}), Message("assistant", "Paris"))),)

    def check(self, sample: Sample, context: Context) -> Iterator[Finding]:
        known = context.profile.message_keys
        demanding = known != MESSAGE_KEYS
        for at, message in enumerate(sample.messages):
            keys = [key for key in message.extras if key not in MEMORY] if message.extras else []
            if demanding:
                keys += [key for key, value in _fields(message) if value not in (None, ())]
            for key in keys:
                if key not in known:
                    yield self.found(Text("The key “{key}” is not known to the trainer.", key=key), f"/messages/{at}")


def _fields(message: Message) -> tuple[tuple[str, object], ...]:
    return (
        ("name", message.name),
        ("tool_calls", message.tool_calls),
        ("tool_call_id", message.tool_call_id),
        ("weight", message.weight),
        ("reasoning_content", message.reasoning),
    )


RULE = MessageKeyUnknown()

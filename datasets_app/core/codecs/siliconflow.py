"""SiliconFlow: chat messages with a role and a text, and nothing else."""

from __future__ import annotations

from datasets_app.core.codecs.base import (
    KEYS,
    PLAIN,
    Codec,
    CodecError,
    Setting,
    looks_like_messages,
    not_carried,
    read_messages,
    write_message,
)
from datasets_app.core.jsonl import Json
from datasets_app.core.samples import Message, Sample
from ftstudio.errors import Text

ROLES = ("system", "user", "assistant")


class SiliconFlow(Codec):
    """Reads whatever has `messages`, writes only what the platform documents: role and content as text."""

    name = "siliconflow"
    label = Text("SiliconFlow chat messages")
    precedence = 0  # each of its records is an openai-chat record too, and detection names the general format
    examples = (
        {
            "messages": [
                {"role": "system", "content": "你是天气助手"},
                {"role": "user", "content": "明天呢？"},
                {"role": "assistant", "content": "会下雨"},
            ]
        },
        {"messages": [{"content": "France?", "role": "user"}, {"role": "assistant", "content": "Paris"}]},
    )

    def recognises(self, record: dict[str, Json]) -> bool:
        messages = record.get("messages")
        return (
            tuple(record) == ("messages",)
            and looks_like_messages(messages)
            and isinstance(messages, list)
            and all(isinstance(turn, dict) and set(turn) <= {"role", "content"} for turn in messages)
        )

    def decode(self, record: dict[str, Json]) -> Sample:
        if "messages" not in record:
            raise CodecError("messages-missing", Text("The key “messages” is missing: put the turns there."))
        extras = {key: value for key, value in record.items() if key != "messages"}
        return Sample(read_messages(record["messages"]), extras=extras)

    def encode(self, sample: Sample, setting: Setting = PLAIN) -> dict[str, Json]:
        if fields := self.losses(sample):
            raise not_carried(self, fields)
        return {"messages": [write_message(message) for message in sample.messages]}

    def losses(self, sample: Sample) -> tuple[str, ...]:
        fields: dict[str, None] = {}
        for message in sample.messages:
            fields.update(dict.fromkeys(_unknown_to_it(message)))
        if sample.tools:
            fields["tools"] = None
        fields.update(dict.fromkeys(key for key in sample.extras if key != KEYS))
        if sample.rejected:
            fields["rejected"] = None
        return tuple(fields)

    def reduce(self, sample: Sample) -> Sample:
        kept = []
        for at, message in enumerate(sample.messages):
            if message.role not in ROLES or message.content is None:
                raise CodecError(
                    "role-unknown" if message.content is not None else "content-missing",
                    Text("SiliconFlow knows only system, user and assistant turns with text."),
                    f"/messages/{at}",
                    self.losses(sample),
                )
            kept.append(Message(message.role, message.text))
        return Sample(tuple(kept))


def _unknown_to_it(message: Message) -> list[str]:
    lost = [key for key in message.extras if key != KEYS]
    if message.role not in ROLES and "role" not in lost:
        lost.append("role")
    if not isinstance(message.content, str):
        lost.append("content")
    for key in ("name", "tool_call_id", "tool_calls", "weight"):
        if getattr(message, key) not in (None, ()):
            lost.append(key)
    if message.reasoning is not None:
        lost.append("reasoning_content")
    return lost


CODEC = SiliconFlow()

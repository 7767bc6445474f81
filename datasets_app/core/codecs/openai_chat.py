"""OpenAI chat: `{"messages": […], "tools": […]?, …}`, the common language of fine-tuning files."""

from __future__ import annotations

from dataclasses import replace

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
from datasets_app.core.samples import Sample
from ftstudio.errors import Text


class OpenAIChat(Codec):
    """Carries everything but a rejected answer; unknown keys ride along untouched."""

    name = "openai-chat"
    label = Text("OpenAI chat messages")
    precedence = 10
    examples = (
        {
            "messages": [
                {"role": "system", "content": "You name capitals."},
                {"role": "user", "content": "France?"},
                {"role": "assistant", "content": "Paris", "weight": 1},
            ],
            "metadata": {"doc": "atlas"},
        },
        {
            "tools": [{"type": "function", "function": {"name": "weather", "parameters": {"type": "object"}}}],
            "messages": [
                {"role": "user", "name": "li", "content": "明天杭州会下雨吗？"},
                {
                    "role": "assistant",
                    "content": None,
                    "tool_calls": [
                        {"id": "c1", "type": "function", "function": {"name": "weather", "arguments": '{"d": 1}'}}
                    ],
                },
                {"role": "tool", "tool_call_id": "c1", "content": "雨"},
                {"role": "assistant", "content": "会下雨", "reasoning_content": "工具说有雨。"},
            ],
            "parallel_tool_calls": False,
        },
        {
            "messages": [
                {
                    "role": "user",
                    "content": [
                        {"type": "text", "text": "What is this?"},
                        {"type": "image_url", "image_url": {"url": "https://example.org/a.png", "detail": "low"}},
                    ],
                },
                {"role": "assistant", "function_call": {"name": "look", "arguments": "{}"}},
            ],
        },
    )

    def recognises(self, record: dict[str, Json]) -> bool:
        return looks_like_messages(record.get("messages"))

    def decode(self, record: dict[str, Json]) -> Sample:
        if "messages" not in record:
            raise CodecError("messages-missing", Text("The key “messages” is missing: put the turns there."))
        messages = read_messages(record["messages"])
        if len(record) == 1:
            return Sample(messages)
        if KEYS in record:
            raise CodecError("message-key-unknown", Text("The key “{key}” is reserved: rename it.", key=KEYS))
        tools = record.get("tools")
        extras = {key: value for key, value in record.items() if key not in ("messages", "tools")}
        if "tools" in record and not (isinstance(tools, list) and tools):
            extras["tools"] = tools
            tools = ()
        sample = Sample(messages, tuple(tools or ()), (), extras)
        if tuple(_parts_of(sample)) != tuple(record):
            sample = replace(sample, extras={**extras, KEYS: list(record)})
        return sample

    def encode(self, sample: Sample, setting: Setting = PLAIN) -> dict[str, Json]:
        if fields := self.losses(sample):
            raise not_carried(self, fields)
        found = _parts_of(sample)
        order = sample.extras.get(KEYS)
        if not order:
            return found
        return {key: found[key] for key in (*order, *(key for key in found if key not in order)) if key in found}

    def losses(self, sample: Sample) -> tuple[str, ...]:
        return ("rejected",) if sample.rejected else ()

    def reduce(self, sample: Sample) -> Sample:
        return replace(sample, rejected=())


def _parts_of(sample: Sample) -> dict[str, Json]:
    found: dict[str, Json] = {"messages": [write_message(message) for message in sample.messages]}
    if sample.tools:
        found["tools"] = list(sample.tools)
    elif "tools" in sample.extras:
        found["tools"] = sample.extras["tools"]
    found.update((key, value) for key, value in sample.extras.items() if key not in ("tools", KEYS))
    return found


CODEC = OpenAIChat()

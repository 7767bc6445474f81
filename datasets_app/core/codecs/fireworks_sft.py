"""Fireworks, supervised: OpenAI's messages with reasoning."""

from __future__ import annotations

from datasets_app.core.codecs._chat import ChatCodec
from ftstudio.errors import Text


class FireworksSFT(ChatCodec):
    """Tools, `reasoning_content` and the weights 0 and 1."""

    name = "fireworks-sft"
    label = Text("Fireworks, supervised")
    examples = (
        {
            "messages": [
                {"role": "user", "content": "Will it rain?"},
                {
                    "role": "assistant",
                    "content": None,
                    "tool_calls": [
                        {"id": "c1", "type": "function", "function": {"name": "weather", "arguments": '{"day": 1}'}}
                    ],
                    "weight": 0,
                },
                {"role": "tool", "content": "rain", "tool_call_id": "c1"},
                {"role": "assistant", "content": "Yes", "reasoning_content": "The tool says so.", "weight": 1},
            ],
            "tools": [{"type": "function", "function": {"name": "weather", "parameters": {"type": "object"}}}],
        },
    )


CODEC = FireworksSFT()

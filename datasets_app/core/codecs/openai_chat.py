"""OpenAI chat: `{"messages": […], "tools": […]?, …}`, the common language of fine-tuning files."""

from __future__ import annotations

from datasets_app.core.codecs._chat import ChatCodec
from ftstudio.errors import Text


class OpenAIChat(ChatCodec):
    """Carries everything but a rejected answer and a weight between 0 and 1; unknown keys ride along untouched."""

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


CODEC = OpenAIChat()

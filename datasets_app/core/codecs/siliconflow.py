"""SiliconFlow: chat messages with a role and a text, and nothing else (facts: the platform's guide 模型微调)."""

from __future__ import annotations

from datasets_app.core.codecs._chat import ChatCodec
from datasets_app.core.codecs._dialect import Dialect
from ftstudio.errors import Text


class SiliconFlow(ChatCodec):
    """Reads whatever has `messages`, writes only what the platform documents: role and content as text."""

    name = "siliconflow"
    label = Text("SiliconFlow chat messages")
    precedence = 0  # each of its records is an openai-chat record too, and detection names the general format
    dialect = Dialect(
        roles=("system", "user", "assistant"),
        weight="",
        reasoning="",
        images="",
        tools=False,
        names=False,
        others=False,
    )
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


CODEC = SiliconFlow()

"""Zhipu (智谱 GLM), supervised: OpenAI's messages with reasoning and without weights."""

from __future__ import annotations

from datasets_app.core.codecs._chat import ChatCodec
from datasets_app.core.codecs._dialect import Dialect
from ftstudio.errors import Text


class ZhipuSFT(ChatCodec):
    """Tools and `reasoning_content`, each for some models; every assistant turn is trained."""

    name = "zhipu-sft"
    label = Text("Zhipu GLM, supervised")
    dialect = Dialect(weight="")
    examples = (
        {
            "messages": [
                {"role": "system", "content": "你是天气助手"},
                {"role": "user", "content": "明天杭州会下雨吗？"},
                {"role": "assistant", "content": "会下雨", "reasoning_content": "预报有雨。"},
            ]
        },
        {
            "messages": [
                {
                    "role": "user",
                    "content": [
                        {"type": "image_url", "image_url": {"url": "data:image/jpeg;base64,/9j/4AAQ"}},
                        {"type": "text", "text": "图里有雨吗？"},
                    ],
                },
                {"role": "assistant", "content": "没有"},
            ]
        },
    )


CODEC = ZhipuSFT()

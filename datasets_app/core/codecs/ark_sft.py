"""Volcengine Ark, supervised: chat messages with `loss_weight` (facts: 模型精调数据集格式说明)."""

from __future__ import annotations

from datasets_app.core.codecs._chat import ChatCodec
from datasets_app.core.codecs._dialect import Dialect, share
from datasets_app.core.jsonl import Json
from ftstudio.errors import Text

ARK = Dialect(weight="loss_weight", weights=share)


class ArkSFT(ChatCodec):
    """Carries reasoning, tools and any share of a turn in the loss from 0 to 1."""

    name = "ark-sft"
    label = Text("Volcengine Ark, supervised")
    precedence = 20
    refines = "openai-chat"
    dialect = ARK
    examples = (
        {
            "messages": [
                {"role": "system", "content": "你是天气助手"},
                {"role": "user", "content": "明天杭州会下雨吗？"},
                {"role": "assistant", "content": "不知道", "loss_weight": 0.0},
                {"role": "user", "content": "再查一次"},
                {"role": "assistant", "content": "会下雨", "reasoning_content": "预报有雨。", "loss_weight": 0.5},
            ]
        },
        {
            "messages": [
                {
                    "role": "user",
                    "content": [
                        {"type": "text", "text": "图里有雨吗？"},
                        {"type": "image_url", "image_url": {"url": "https://example.org/sky.png"}},
                    ],
                },
                {"loss_weight": 1, "role": "assistant", "content": "没有"},
            ]
        },
    )

    def recognises(self, record: dict[str, Json]) -> bool:
        messages = record.get("messages")
        return isinstance(messages, list) and any(isinstance(turn, dict) and "loss_weight" in turn for turn in messages)


CODEC = ArkSFT()

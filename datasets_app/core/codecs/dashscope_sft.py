"""DashScope (百炼), supervised: chat messages, reasoning inside <think> tags, pictures as files of one zip."""

from __future__ import annotations

from datasets_app.core import images
from datasets_app.core.codecs._chat import ChatCodec
from datasets_app.core.codecs._dialect import THINK, Dialect, positive_share
from datasets_app.core.jsonl import Json
from ftstudio.errors import Text

DASHSCOPE = Dialect(
    weight="loss_weight", weights=positive_share, reasoning=THINK, images=images.FILE, names=False
)  # fmt: skip
_PARTS = ("text", "image", "video")


class DashScopeSFT(ChatCodec):
    """No names; a turn cannot be excluded, so no weight of 0; reasoning in the last turn only."""

    name = "dashscope-sft"
    label = Text("DashScope, supervised")
    precedence = 25
    refines = "openai-chat"
    exact = False  # parts of a content come back without a type
    dialect = DASHSCOPE
    examples = (
        {
            "messages": [
                {"role": "system", "content": [{"text": "你是看图助手"}]},
                {"role": "user", "content": [{"text": "图里有雨吗？"}, {"image": "sky.jpg", "resized_width": 448}]},
                {"role": "assistant", "content": [{"text": "没有"}], "loss_weight": 0.5},
            ]
        },
        {
            "messages": [
                {"role": "user", "content": "明天杭州会下雨吗？"},
                {"role": "assistant", "content": "<think>\n预报有雨。\n</think>\n\n会下雨", "loss_weight": 1.0},
            ]
        },
    )

    def recognises(self, record: dict[str, Json]) -> bool:
        """Parts without a type are unmistakable; `<think>` is so only beside a `loss_weight`."""
        messages = record.get("messages")
        if not isinstance(messages, list) or not messages:
            return False
        turns = [turn for turn in messages if isinstance(turn, dict)]
        if any(_untyped(part) for turn in turns if isinstance(turn.get("content"), list) for part in turn["content"]):
            return True
        last = turns[-1].get("content") if turns else None
        thinks = isinstance(last, str) and last.startswith("<think>\n")
        return thinks and any("loss_weight" in turn for turn in turns)


def _untyped(part: Json) -> bool:
    return isinstance(part, dict) and "type" not in part and "score" not in part and any(key in part for key in _PARTS)


CODEC = DashScopeSFT()

"""The demo's samples: made from templates of our own, some of them wrong on purpose."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import product
from typing import Any

NAME = "Rain or shine"
DESCRIPTION = "A forecast in, one of two labels out. Some answers break the contract on purpose."
SYSTEM_PROMPT = "你是天气助手。根据预报判断是否会下雨，只回答“会下雨”或“不会下雨”。"
GUIDELINE = """\
Read the forecast and answer with exactly one of the two labels.

- 会下雨: rain, showers, thunderstorms or drizzle are expected at any time of the day.
- 不会下雨: everything else, snow and fog included.

Write nothing but the label: no full stop, no explanation, no second language.
"""
BASE_MODEL = "qwen3-8b"
TASK = "labels"
LICENCE = "CC0-1.0"
CONTRACT: dict[str, Any] = {"labels": {"values": ["会下雨", "不会下雨"]}, "text": {"no_echo": True}}

RAIN, DRY = "会下雨", "不会下雨"
_PLACES = ("青石镇", "白鹭湾", "云门山", "柳桥", "Harbour Hill", "Mill Valley")
_FORECASTS = (
    ("上午多云，午后有雷阵雨。", RAIN),
    ("全天晴朗，东南风二级。", DRY),
    ("清晨有雾，随后转晴。", DRY),
    ("夜间小雨，气温下降五度。", RAIN),
    ("阴天，云层较厚，无降水。", DRY),
    ("Light drizzle until noon, then clear.", RAIN),
    ("Dry and windy, gusts from the north.", DRY),
    ("傍晚前后有短时强降水，请带伞。", RAIN),
    ("多云间晴，湿度较低。", DRY),
    ("Thunderstorms likely after four.", RAIN),
)


def _broken(number: int, label: str, question: str) -> str:
    """What careless annotators write: every third answer or so breaks the contract, each in its own way."""
    ways = {
        0: f"{label}。",
        3: "可能会下雨" if label == RAIN else "应该不会下雨",
        6: f"{question}{label}",
        9: "rain" if label == RAIN else "no rain",
    }
    return ways.get(number % 11, label)


def rows() -> Iterator[dict[str, Any]]:
    """Sixty samples as the `openai-chat` format has them."""
    for number, (place, (forecast, label)) in enumerate(product(_PLACES, _FORECASTS)):
        question = f"{place}：{forecast}"
        yield {
            "messages": [
                {"role": "system", "content": SYSTEM_PROMPT},
                {"role": "user", "content": question},
                {"role": "assistant", "content": _broken(number, label, question)},
            ]
        }


def jsonl() -> bytes:
    """The samples as a file."""
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows()).encode()

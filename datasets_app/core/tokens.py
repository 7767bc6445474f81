"""How many tokens a text takes: an estimate, and always to be shown as one.

Chinese, Japanese and Korean characters count 0.75 tokens each, everything else one token per 4.2 characters
(facts/libraries.md, section 6). Exact encoders differ by base model; when they come, they enter through
`Count`, the one seam, and `of_messages` and `of_sample` take them.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable

from datasets_app.core.samples import Message, Sample

Count = Callable[[str], int]  # tokens of one text

_CJK = re.compile(
    "[\u1100-\u11ff\u2e80-\u303f\u3040-\u30ff\u3100-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff"
    "\uff00-\uffef\U00020000-\U0003ffff]+"
)


def estimate(text: str) -> int:
    """Tokens of one text, rounded up; 0 for none."""
    if not text:
        return 0
    if text.isascii():
        return math.ceil(len(text) / 4.2)
    cjk = sum(map(len, _CJK.findall(text)))
    return math.ceil(cjk * 0.75 + (len(text) - cjk) / 4.2)


def of_messages(sample: Sample, count: Count = estimate) -> list[int]:
    """Tokens of each turn: its text, its reasoning and its tool calls."""
    return [_of_message(message, count) for message in sample.messages]


def of_sample(sample: Sample, count: Count = estimate) -> int:
    """Tokens of the conversation that is trained; the rejected answer and the template's own marks do not count."""
    return sum(_of_message(message, count) for message in sample.messages)


def _of_message(message: Message, count: Count) -> int:
    total = count(message.text)
    if message.reasoning:
        total += count(message.reasoning)
    for call in message.tool_calls:
        total += count(call.name) + count(call.arguments)
    return total

"""How many tokens a sample takes, turn by turn, by an encoder; and where it is cut when it takes too many.

`estimate` counts Chinese, Japanese and Korean characters 0.75 tokens each and everything else one token per 4.2
characters (facts/libraries.md, section 6). It stands in where a model's own vocabulary cannot be had offline.
"""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from datasets_app.core.samples import Message, Sample

if TYPE_CHECKING:
    from datasets_app.core.encoders.base import Encoder

# Beyond Latin 1, everything but Chinese, Japanese and Korean letters and punctuation.
_OTHER = re.compile(
    "[^\x00-\xff\u1100-\u11ff\u2e80-\u303f\u3040-\u30ff\u3100-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af"
    "\uf900-\ufaff\uff00-\uffef\U00020000-\U0003ffff]"
)


@dataclass(slots=True)
class Counted:
    """The tokens of a sample: of each turn, of the tools it declares, and of the template around it all."""

    turns: list[int]
    tools: int = 0
    template: int = 0

    @property
    def total(self) -> int:
        return sum(self.turns) + self.tools + self.template


@dataclass(frozen=True, slots=True)
class Cut:
    """Where a limit falls: the number of the turn (from 0) and the first character of its text that is lost."""

    turn: int
    start: int


def estimate(text: str) -> int:
    """Tokens of one text, rounded up; 0 for none."""
    if not text:
        return 0
    if text.isascii():
        return math.ceil(len(text) / 4.2)
    cjk = _cjk_again(text) if len(text) <= _LONGEST_KEPT else _cjk(text)
    return math.ceil(cjk * 0.75 + (len(text) - cjk) / 4.2)


def _cjk(text: str) -> int:
    """What is beyond Latin 1 and not of `_OTHER`; counted so, because hardly a text has any of those."""
    return len(text) - len(text.encode("latin-1", "ignore")) - len(_OTHER.findall(text))


_LONGEST_KEPT = 5000  # characters
_cjk_again = lru_cache(maxsize=16)(_cjk)  # thousands of samples share a system prompt


def count(sample: Sample, encoder: Encoder) -> Counted:
    """The tokens of the conversation that is trained; the rejected answer does not count.

    A turn is its text, reasoning, name and tool calls, with what the template puts around it. The declared tools count
    as their JSON text. Images are not counted: every provider prices them its own way.
    """
    turns = [_of_message(message, encoder) for message in sample.messages]
    tools = encoder.count(json.dumps(sample.tools, ensure_ascii=False)) if sample.tools else 0
    return Counted(turns, tools, encoder.per_sample if turns else 0)


def cut(sample: Sample, encoder: Encoder, limit: int, counted: Counted) -> Cut | None:
    """Where a trainer that keeps `limit` tokens cuts the sample; None when it fits.

    The tools and the template come first, as chat templates write them; a turn's reasoning stands before its text.
    """
    left = limit - counted.tools - counted.template
    for at, tokens in enumerate(counted.turns):
        if tokens > left:
            message = sample.messages[at]
            ahead = encoder.per_turn + (encoder.count(message.role) if encoder.counts_roles else 0)
            ahead += encoder.count(message.reasoning) if message.reasoning else 0
            return Cut(at, encoder.cut(message.text, max(0, left - ahead)))
        left -= tokens
    return None


def _of_message(message: Message, encoder: Encoder) -> int:
    count, content = encoder.count, message.content
    total = count(content if isinstance(content, str) else message.text) + encoder.per_turn
    if encoder.counts_roles:
        total += count(message.role)
        if message.name:
            total += count(message.name) + encoder.per_name
    if message.reasoning:
        total += count(message.reasoning)
    for call in message.tool_calls:
        total += count(call.name) + count(call.arguments)
    return total

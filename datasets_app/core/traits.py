"""What a sample has that a plain chat has not: one number, by which rules that have nothing to look at are left out."""

from __future__ import annotations

import re
from functools import lru_cache

from datasets_app.core import sensitive
from datasets_app.core.samples import Sample

CALLS, TOOL_TURNS, WEIGHTS, FIELDS, EXTRAS, PARTS, BLANK, PAIR = (1 << bit for bit in range(8))
MARKS, HIDDEN, SECRETS, PERSONAL = (1 << bit for bit in range(8, 12))

INVISIBLE = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u00ad\u061c\u115f\u1160\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f"
    "\u3164\ufeff\uffa0\ufff9-\ufffb\U000e0000-\U000e0fff]"
)


def traits(sample: Sample) -> tuple[int, tuple[str, ...]]:
    """The sample's traits in one number, and the roles of its turns.

    `PARTS`: a content that is no text, or none. What its texts may hold is looked for in all of them at once, but in a
    system prompt once for many samples: `MARKS` of templates, `HIDDEN` characters, `SECRETS`, `PERSONAL` data.
    """
    found = 0
    roles = []
    texts = []
    for message in sample.messages:
        roles.append(message.role)
        content = message.content
        if isinstance(content, str):
            if message.role == "system" and len(content) <= _LONGEST_KEPT:
                found |= _told_again(content)
            else:
                texts.append(content)
            if not content or content.isspace():
                found |= BLANK
        else:
            found |= PARTS
            texts.append(message.text)
        if message.tool_calls:
            found |= CALLS
            texts += [call.arguments for call in message.tool_calls]
        if message.extras:
            found |= EXTRAS
        if message.weight is not None:
            found |= WEIGHTS
        if message.tool_call_id is not None or message.name is not None or message.reasoning is not None:
            found |= FIELDS
            if message.reasoning:
                texts.append(message.reasoning)
    if "tool" in roles:
        found |= TOOL_TURNS
    if sample.rejected:
        found |= PAIR
        for message in sample.rejected:
            if not isinstance(message.content, str):
                found |= PARTS
            texts += [message.text, message.reasoning or ""]
            texts += [call.arguments for call in message.tool_calls]
    return found | _told("\n".join(texts)), tuple(roles)


def _told(text: str) -> int:
    found = 0
    seen = sensitive.ascii_of(text)
    if ">" in text and ("|>" in text or "｜>" in text):
        found |= MARKS
    if INVISIBLE.search(text):
        found |= HIDDEN
    if sensitive.may_hold_secrets(text, seen):
        found |= SECRETS
    if sensitive.may_hold_personal(text, seen):
        found |= PERSONAL
    return found


_LONGEST_KEPT = 10_000  # characters
_told_again = lru_cache(maxsize=16)(_told)

"""What stands for a sample in a list: one line of its question, one line of its answer."""

from __future__ import annotations

from datasets_app.core.samples import Message, Sample

TITLE = 80  # characters, the ellipsis included
SNIPPET = 120


def title(sample: Sample) -> str:
    """One line from the last user turn (or the first turn there is), at most 80 characters."""
    return _line(sample.question or next(iter(sample.messages), None), TITLE)


def snippet(sample: Sample) -> str:
    """One line from the answer, at most 120 characters; "" when there is none."""
    return _line(sample.answer, SNIPPET)


def _line(message: Message | None, limit: int) -> str:
    if message is None:
        return ""
    text = message.text
    if not text and message.tool_calls:
        text = ", ".join(f"{call.name}({call.arguments})" for call in message.tool_calls)
    text = " ".join(text[: limit * 4].split())
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"

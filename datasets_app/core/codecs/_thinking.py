"""Reasoning as part of an answer's text, between <think> tags."""

from __future__ import annotations

import re
from dataclasses import replace

from datasets_app.core.samples import Message

_THINKING = re.compile(r"<think>\n(.*?)\n</think>\n\n(.*)", re.DOTALL)


def join_thinking(reasoning: str, text: str) -> str:
    """Reasoning and answer as one text, as Qwen's models write it."""
    return f"<think>\n{reasoning}\n</think>\n\n{text}"


def split_thinking(text: str) -> tuple[str, str] | None:
    """(reasoning, answer) of such a text; None when it is none."""
    match = _THINKING.fullmatch(text) if text.startswith("<think>\n") else None
    return (match.group(1), match.group(2)) if match else None


def thoughtful(message: Message) -> Message:
    """The assistant's turn with the reasoning that its text begins with in a field of its own."""
    if message.role != "assistant" or not isinstance(message.content, str):
        return message
    found = split_thinking(message.content)
    return replace(message, reasoning=found[0], content=found[1]) if found else message


def spoken(message: Message) -> Message:
    """The inverse: the reasoning written into the text."""
    return replace(message, content=join_thinking(message.reasoning or "", message.text), reasoning=None)


def unparted(prompt: tuple[Message, ...]) -> tuple[Message, ...]:
    """The turns of a prompt: reasoning stands apart in the last turn of a conversation, and theirs is none."""
    last = prompt[-1]
    return prompt if last.reasoning is None else (*prompt[:-1], spoken(last))


def comes_apart(message: Message) -> bool:
    """Whether reasoning and answer come apart again as they were put together."""
    return (
        isinstance(message.content, str)
        and message.reasoning is not None
        and split_thinking(join_thinking(message.reasoning, message.content)) == (message.reasoning, message.content)
    )

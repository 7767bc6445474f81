"""What is sent to a model and what comes back, as turns: the question with its examples, the wire form, the answer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from datasets_app.core.samples import Message, Sample, ToolCall


def asked(sample: Sample, system_prompt: str, examples: Sequence[Sample] = ()) -> tuple[Message, ...]:
    """The turns that are sent: the dataset's prompt (else the sample's own), the examples, and the question."""
    own = sample.system.text if sample.system else ""
    system = system_prompt or own
    turns = [Message("system", system)] if system else []
    for example in examples:
        turns += _without_system(example.messages)
    turns += _without_system(sample.messages[:-1] if sample.answer else sample.messages)
    return tuple(turns)


def wire(messages: Iterable[Message]) -> list[dict[str, Any]]:
    """The turns as the OpenAI chat API has them."""
    rows = []
    for message in messages:
        row: dict[str, Any] = {"role": message.role, "content": message.content}
        if message.name is not None:
            row["name"] = message.name
        if message.tool_call_id is not None:
            row["tool_call_id"] = message.tool_call_id
        if message.tool_calls:
            row["tool_calls"] = [
                {"id": call.id or "", "type": "function", "function": {"name": call.name, "arguments": call.arguments}}
                for call in message.tool_calls
            ]
        rows.append(row)
    return rows


def answer_of(content: str | None, tool_calls: Iterable[Mapping[str, Any]] = ()) -> Message:
    """A model's answer as a turn. Calls that name no function are left out."""
    calls = []
    for call in tool_calls:
        function = call.get("function")
        if isinstance(function, Mapping) and function.get("name"):
            calls.append(ToolCall(str(function["name"]), str(function.get("arguments") or ""), call.get("id")))
    return Message("assistant", content, tool_calls=tuple(calls))


def _without_system(messages: Sequence[Message]) -> list[Message]:
    return [message for message in messages if message.role not in ("system", "developer")]

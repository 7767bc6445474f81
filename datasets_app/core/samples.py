"""The one shape of a training example. Past the codec nobody asks what shape a record has.

An error/correction pair and a preference pair are the same shape: the corrected (chosen) answer is the last
assistant turn of `messages`, the erroneous one is `rejected`.

`to_json` / `from_json` are the storage form (the text of `Revision.payload`): compact UTF-8 JSON in a fixed
key order, so that equal samples give equal bytes and `content_hash` identifies a content anywhere.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

Json = Any  # a parsed JSON value: None, bool, int, float, str, list or dict with string keys

_LONG_NUMBER = re.compile(r"[0-9]{19}")
_LONG_NUMBER_BYTES = re.compile(rb"[0-9]{19}")


@dataclass(frozen=True, slots=True)
class ToolCall:
    """One call of a tool by the assistant. `arguments` is the raw JSON text as the model wrote it."""

    name: str
    arguments: str
    id: str | None = None
    extras: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Message:
    """One turn. `content` is text, a list of content parts (as received), or None beside tool calls.

    `weight` is the share of the turn in the loss (0 to 1; None: the trainer's default). Keys that the codec
    does not know are kept in `extras`, in their order.
    """

    role: str
    content: str | list[Json] | None
    name: str | None = None
    tool_calls: tuple[ToolCall, ...] = ()
    tool_call_id: str | None = None
    reasoning: str | None = None
    weight: float | None = None
    extras: Mapping[str, Json] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """The turn's text: content as it is, the text parts of a list joined by newlines, "" for None."""
        if isinstance(self.content, str):
            return self.content
        if self.content is None:
            return ""
        return "\n".join(
            part["text"] for part in self.content if isinstance(part, dict) and isinstance(part.get("text"), str)
        )


@dataclass(frozen=True, slots=True)
class Sample:
    """One training example: the conversation, the tools it may use, and optionally the wrong answer."""

    messages: tuple[Message, ...]
    tools: tuple[Json, ...] = ()
    rejected: tuple[Message, ...] = ()
    extras: Mapping[str, Json] = field(default_factory=dict)

    @property
    def answer(self) -> Message | None:
        """The answer that is trained: the last message if the assistant wrote it, else None."""
        if self.messages and self.messages[-1].role == "assistant":
            return self.messages[-1]
        return None

    @property
    def question(self) -> Message | None:
        """The last user turn, or None."""
        for message in reversed(self.messages):
            if message.role == "user":
                return message
        return None

    @property
    def system(self) -> Message | None:
        """The system turn at the start, or None."""
        if self.messages and self.messages[0].role in ("system", "developer"):
            return self.messages[0]
        return None


_new: Callable[[type[Message]], Message] = object.__new__
# mypy does not know that the attributes of a slotted class are descriptors.
_set_role, _set_content, _set_extras = (getattr(Message, key).__set__ for key in ("role", "content", "extras"))
_set_nothing = tuple(
    (getattr(Message, key).__set__, nothing)
    for key, nothing in {
        "name": None,
        "tool_calls": (),
        "tool_call_id": None,
        "reasoning": None,
        "weight": None,
    }.items()
)


def turn(role: str, content: str) -> Message:
    """`Message(role, content)`, in a third of the time: nearly every turn of every file is no more than that."""
    message = _new(Message)
    _set_role(message, role)
    _set_content(message, content)
    _set_extras(message, {})
    for put, nothing in _set_nothing:
        put(message, nothing)
    return message


def to_data(sample: Sample) -> dict[str, Json]:
    """The sample as plain JSON data; absent parts are left out."""
    data: dict[str, Json] = {"messages": [_message_to_data(m) for m in sample.messages]}
    if sample.tools:
        data["tools"] = list(sample.tools)
    if sample.rejected:
        data["rejected"] = [_message_to_data(m) for m in sample.rejected]
    if sample.extras:
        data["extras"] = dict(sample.extras)
    return data


def from_data(data: Mapping[str, Json]) -> Sample:
    """The inverse of `to_data`. Raises KeyError or TypeError on data that `to_data` cannot have written."""
    return Sample(
        messages=tuple(_message_from_data(m) for m in data["messages"]),
        tools=tuple(data.get("tools", ())),
        rejected=tuple(_message_from_data(m) for m in data.get("rejected", ())),
        extras=data.get("extras", {}),
    )


def to_json(sample: Sample) -> str:
    """The storage text. Equal samples give equal text; key order inside `extras` and `tools` is kept."""
    data = to_data(sample)
    try:
        return orjson.dumps(data).decode()
    except TypeError:  # a whole number beyond 64 bits, which orjson cannot write
        return json.dumps(data, ensure_ascii=False, separators=(",", ":"))


def from_json(text: str | bytes) -> Sample:
    """Read a storage text back."""
    # orjson would read a whole number beyond 64 bits as a float and lose its digits.
    long = _LONG_NUMBER.search(text) if isinstance(text, str) else _LONG_NUMBER_BYTES.search(text)
    return from_data(json.loads(text) if long else orjson.loads(text))


def content_hash(payload: str) -> str:
    """The identity of a content: sha256 over the storage text, 64 hex digits."""
    return hashlib.sha256(payload.encode()).hexdigest()


def _message_to_data(message: Message) -> dict[str, Json]:
    data: dict[str, Json] = {"role": message.role, "content": message.content}
    if message.name is not None:
        data["name"] = message.name
    if message.tool_call_id is not None:
        data["tool_call_id"] = message.tool_call_id
    if message.reasoning is not None:
        data["reasoning"] = message.reasoning
    if message.weight is not None:
        data["weight"] = message.weight
    if message.tool_calls:
        data["tool_calls"] = [
            {
                **({"id": call.id} if call.id is not None else {}),
                "name": call.name,
                "arguments": call.arguments,
                **({"extras": dict(call.extras)} if call.extras else {}),
            }
            for call in message.tool_calls
        ]
    if message.extras:
        data["extras"] = dict(message.extras)
    return data


def _message_from_data(data: Mapping[str, Json]) -> Message:
    if len(data) == 2 and type(data["content"]) is str:
        return turn(data["role"], data["content"])
    return Message(
        role=data["role"],
        content=data["content"],
        name=data.get("name"),
        tool_calls=tuple(
            ToolCall(call["name"], call["arguments"], call.get("id"), call.get("extras", {}))
            for call in data.get("tool_calls", ())
        ),
        tool_call_id=data.get("tool_call_id"),
        reasoning=data.get("reasoning"),
        weight=data.get("weight"),
        extras=data.get("extras", {}),
    )

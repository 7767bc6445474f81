"""What every codec is, and the reading and writing of chat messages that most of them share.

How a round trip keeps everything: what `Message` and `Sample` have a field for goes there; a known key with a
value that its field cannot hold, and every unknown key, is kept in `extras` as it was. When the keys of a
record came in another order than ours, or an expected key was absent, the source's order is kept in
`extras["$keys"]` (`KEYS`); `canonical` drops that when a sample moves to another format.
"""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

from datasets_app.core.jsonl import Json
from datasets_app.core.samples import Message, Sample, ToolCall
from ftstudio.errors import Listed, Text

KEYS = "$keys"  # in extras: the source's own key order, only when it differs from ours
RAW = "$raw"  # in a tool call's extras: the call as written, only when it has another shape than ours


class CodecError(Exception):
    """A record without a usable sample in it, or a sample that a format cannot carry.

    `code` is a rule id (or `not-carried`), `text` says what to do, `path` is a JSON Pointer into the record,
    `fields` names what would be lost.
    """

    def __init__(self, code: str, text: Text, path: str = "", fields: tuple[str, ...] = ()) -> None:
        super().__init__(str(text))
        self.code = code
        self.text = text
        self.path = path
        self.fields = fields


@dataclass(frozen=True, slots=True)
class Setting:
    """What a dataset tells those formats that ask for more than the sample holds.

    `schema` is the JSON Schema of the contract (`task-response` declares its tool with it), `contrast` the template of
    the request that `contrast` writes ("": the format's own).
    """

    schema: Mapping[str, Json] | None = None
    contrast: str = ""


PLAIN = Setting()


class Codec(ABC):
    """One wire format. `decode` is lenient where a rule is the better judge; `encode` loses nothing, ever."""

    name: str
    label: ClassVar[Text]
    examples: ClassVar[tuple[dict[str, Json], ...]]  # records of this format; encode(decode(example)) == example
    precedence: ClassVar[int] = 0  # of two codecs that both recognise a record, the higher is meant
    pairs: ClassVar[bool] = False  # whether it is made for a right answer beside a wrong one

    @abstractmethod
    def recognises(self, record: dict[str, Json]) -> bool:
        """Whether this record looks like one of ours (cheap, and True for slightly broken ones too)."""

    @abstractmethod
    def decode(self, record: dict[str, Json]) -> Sample:
        """The sample in the record. Raises `CodecError` only when there is none to be had."""

    @abstractmethod
    def encode(self, sample: Sample, setting: Setting = PLAIN) -> dict[str, Json]:
        """The record for the sample. Raises `CodecError` with `fields` when `losses` is not empty."""

    def rows(self, sample: Sample, setting: Setting = PLAIN) -> tuple[dict[str, Json], ...]:
        """All records for the sample, for formats that write more than one; raises as `encode`."""
        return (self.encode(sample, setting),)

    @abstractmethod
    def losses(self, sample: Sample) -> tuple[str, ...]:
        """The names of the fields that this format cannot carry, in the order met; () when it carries all."""

    @abstractmethod
    def reduce(self, sample: Sample) -> Sample:
        """The sample without what this format cannot carry. Raises `CodecError` when nothing useful is left."""


def not_carried(codec: Codec, fields: tuple[str, ...]) -> CodecError:
    """The refusal of `encode`, naming the fields."""
    return CodecError(
        "not-carried",
        Text(
            "{format} cannot carry {fields}: remove them, or allow the loss.",
            format=codec.label,
            fields=Listed(fields),
        ),
        fields=fields,
    )


def looks_like_messages(value: Json) -> bool:
    """A non-empty list whose first entry is an object with a role or content."""
    return (
        isinstance(value, list)
        and bool(value)
        and isinstance(value[0], dict)
        and ("role" in value[0] or "content" in value[0])
    )


# Reading


def read_messages(value: Json, path: str = "/messages") -> tuple[Message, ...]:
    """A list of wire messages. Raises `CodecError` when it is absent, empty or not a list of objects."""
    if not isinstance(value, list):
        raise CodecError(
            "messages-missing", Text("“messages” must be a list of turns, each with a role and content."), path
        )
    if not value:
        raise CodecError("messages-empty", Text("“messages” is empty: a sample needs at least one turn."), path)
    return tuple(read_message(item, f"{path}/{at}") for at, item in enumerate(value))


def read_message(item: Json, path: str) -> Message:
    """One wire message. Raises `CodecError` when it is no object or its content has an unusable type."""
    if not isinstance(item, dict):
        raise CodecError("not-an-object", Text("Each message must be an object with a role and content."), path)
    role = item.get("role")
    content = item.get("content")
    if type(content) is str and type(role) is str and tuple(item) == ("role", "content"):
        return Message(role, content)  # nearly every turn of every file
    if content is not None and not isinstance(content, str):
        _check_parts(content, path + "/content")
    extras: dict[str, Json] = {}
    if not isinstance(role, str):
        if "role" in item:
            extras["role"] = role
        role = ""
    name = _text(item, "name", extras)
    calls = item.get("tool_calls")
    tool_calls: tuple[ToolCall, ...] = ()
    if isinstance(calls, list) and calls:
        tool_calls = tuple(_read_call(call, f"{path}/tool_calls/{at}") for at, call in enumerate(calls))
    elif "tool_calls" in item:
        extras["tool_calls"] = calls
    tool_call_id = _text(item, "tool_call_id", extras)
    reasoning = _text(item, "reasoning_content", extras)
    weight = item.get("weight")
    if "weight" in item and (isinstance(weight, bool) or not isinstance(weight, int | float)):
        extras["weight"] = weight
        weight = None
    for key, value in item.items():
        if key not in KNOWN:
            extras[key] = value
    if KEYS in item:
        raise CodecError("message-key-unknown", Text("The key “{key}” is reserved: rename it.", key=KEYS), path)
    message = Message(role, content, name, tool_calls, tool_call_id, reasoning, weight, extras)
    if _keys_of(message) != tuple(item):
        message = replace(message, extras={**extras, KEYS: list(item)})
    return message


KNOWN = ("role", "content", "reasoning_content", "name", "tool_calls", "tool_call_id", "weight")


def _text(item: Mapping[str, Json], key: str, extras: dict[str, Json]) -> str | None:
    value = item.get(key)
    if isinstance(value, str):
        return value
    if key in item:
        extras[key] = value
    return None


def _check_parts(content: Json, path: str) -> None:
    if not isinstance(content, list) or any(not isinstance(part, dict) for part in content):
        raise CodecError(
            "content-missing", Text("Content must be text, a list of content parts, or null beside tool calls."), path
        )


def _read_call(call: Json, path: str) -> ToolCall:
    function = call.get("function") if isinstance(call, dict) else None
    if not isinstance(function, dict) or not isinstance(function.get("name"), str):
        raise CodecError(
            "not-an-object", Text("Each tool call must be an object with a function that has a name."), path
        )
    arguments = function.get("arguments")
    text = arguments if isinstance(arguments, str) else _compact(arguments) if "arguments" in function else ""
    identity = call.get("id")
    read = ToolCall(function["name"], text, identity if isinstance(identity, str) else None)
    return read if _same(_write_call(read), call) else replace(read, extras={RAW: call})


def _compact(value: Json) -> str:
    return json.dumps(value, ensure_ascii=False)


def _same(one: Json, other: Json) -> bool:
    """Equal in content and in key order."""
    return json.dumps(one) == json.dumps(other)


# Writing


def write_message(message: Message) -> dict[str, Json]:
    """The wire form, keys in the source's order if it is known, else in ours."""
    extras = message.extras
    if (
        not extras
        and message.content is not None
        and not (
            message.tool_calls
            or message.name
            or message.reasoning
            or message.tool_call_id
            or message.weight is not None
        )
    ):
        return {"role": message.role, "content": message.content}
    found = _parts_of(message)
    order: Sequence[str] | None = extras.get(KEYS)
    if order is None:
        return found
    if "content" not in order and message.content is None:
        found.pop("content", None)
    if "role" not in order and not message.role:
        found.pop("role", None)
    return {key: found[key] for key in (*order, *(key for key in found if key not in order)) if key in found}


def _parts_of(message: Message) -> dict[str, Json]:
    extras = message.extras
    role = extras["role"] if not message.role and "role" in extras else message.role
    found: dict[str, Json] = {"role": role, "content": message.content}
    for key, value in (
        ("reasoning_content", message.reasoning),
        ("name", message.name),
        ("tool_calls", [_write_call(call) for call in message.tool_calls] or None),
        ("tool_call_id", message.tool_call_id),
        ("weight", message.weight),
    ):
        if value is not None:
            found[key] = value
        elif key in extras:
            found[key] = extras[key]
    found.update((key, value) for key, value in extras.items() if key not in KNOWN and key != KEYS)
    return found


def _keys_of(message: Message) -> tuple[str, ...]:
    return tuple(_parts_of(message))


def _write_call(call: ToolCall) -> dict[str, Json]:
    if RAW in call.extras:
        raw = dict(call.extras[RAW])
        function = dict(raw["function"])
        function["name"] = call.name
        arguments = function.get("arguments")
        if (
            isinstance(arguments, str)
            or ("arguments" in function and _compact(arguments) != call.arguments)
            or ("arguments" not in function and call.arguments)
        ):
            function["arguments"] = call.arguments
        if call.id is not None:
            raw["id"] = call.id
        raw["function"] = function
        return raw
    return {
        **({"id": call.id} if call.id is not None else {}),
        "type": "function",
        "function": {"name": call.name, "arguments": call.arguments},
    }


def canonical(sample: Sample) -> Sample:
    """The sample without any memory of its source's key order, for writing it in another format."""
    return replace(
        sample,
        messages=tuple(_forget(message) for message in sample.messages),
        rejected=tuple(_forget(message) for message in sample.rejected),
        extras={key: value for key, value in sample.extras.items() if key != KEYS},
    )


def _forget(message: Message) -> Message:
    if KEYS not in message.extras:
        return message
    return replace(message, extras={key: value for key, value in message.extras.items() if key != KEYS})

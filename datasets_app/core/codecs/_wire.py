"""Turns of a conversation in OpenAI's shape, read and written as a `Dialect` says."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from datasets_app.core import images
from datasets_app.core.codecs._calls import read_call, write_call
from datasets_app.core.codecs._dialect import OPENAI, THINK, Dialect, binary
from datasets_app.core.codecs._parts import check_parts, read_part, write_part
from datasets_app.core.codecs._thinking import spoken, thoughtful
from datasets_app.core.codecs.base import FORM, KEYS, RESERVED, CodecError, ordered, refuse_reserved, remembered
from datasets_app.core.jsonl import Json
from datasets_app.core.samples import Message, turn
from ftstudio.errors import Text


def read_messages(value: Json, path: str = "/messages", dialect: Dialect = OPENAI) -> tuple[Message, ...]:
    """A list of wire messages. Raises `CodecError` when it is absent, empty or not a list of objects."""
    if not isinstance(value, list):
        raise CodecError(
            "messages-missing",
            Text("“{key}” must be a list of turns, each with a role and content.", key=path.rpartition("/")[2]),
            path,
        )
    if not value:
        raise CodecError(
            "messages-empty",
            Text("“{key}” is empty: a sample needs at least one turn.", key=path.rpartition("/")[2]),
            path,
        )
    messages = tuple([_text_only(item) or read_message(item, f"{path}/{at}", dialect) for at, item in enumerate(value)])
    if dialect.reasoning == THINK:
        return (*messages[:-1], thoughtful(messages[-1]))
    return messages


def _text_only(item: Json) -> Message | None:
    """The message, if it is written with a role and a text and nothing else; None leaves it to `read_message`."""
    if type(item) is dict and tuple(item) == ("role", "content"):
        role, content = item.values()
        if type(content) is str and type(role) is str:
            return turn(role, content)
    return None


def read_message(item: Json, path: str, dialect: Dialect = OPENAI) -> Message:
    """One wire message. Raises `CodecError` when it is no object or its content has an unusable type."""
    if not isinstance(item, dict):
        raise CodecError("not-an-object", Text("Each message must be an object with a role and content."), path)
    role = item.get("role")
    content = item.get("content")
    refuse_reserved(item, path)
    if content is not None and not isinstance(content, str):
        check_parts(content, path + "/content")
        if dialect.images == images.FILE:
            content = [read_part(part) for part in content]
    known = dialect.known
    extras = {key: value for key, value in item.items() if key not in known or not dialect.can_hold(key, value)}
    calls = () if "tool_calls" in extras else item.get("tool_calls", ())
    weight_key = dialect.weight or "weight"
    message = Message(
        role=role if isinstance(role, str) else "",
        content=content,
        name=_text(item, "name"),
        tool_calls=tuple(read_call(call, f"{path}/tool_calls/{at}") for at, call in enumerate(calls)),
        tool_call_id=_text(item, "tool_call_id"),
        reasoning=_text(item, "reasoning_content") if "reasoning_content" in known else None,
        weight=None if weight_key in extras else item.get(weight_key),
        extras=extras,
    )
    if message.weight is not None and dialect.weight and _odd(message.weight, dialect):
        message = replace(message, extras={**message.extras, FORM: {"weight": message.weight}})
    if tuple(_parts_of(message, dialect)) != tuple(item):
        message = replace(message, extras={**message.extras, KEYS: list(item)})
    return message


def _odd(weight: float, dialect: Dialect) -> bool:
    """A weight that we would not write in this way."""
    return not dialect.weights(weight) or (dialect.weights is binary and type(weight) is float)


def _text(item: Mapping[str, Json], key: str) -> str | None:
    value = item.get(key)
    return value if isinstance(value, str) else None


def write_messages(messages: tuple[Message, ...], dialect: Dialect = OPENAI) -> list[Json]:
    """The wire form of the turns; nothing that `lost` names is looked for here."""
    if dialect.reasoning == THINK and messages and messages[-1].reasoning is not None:
        messages = (*messages[:-1], spoken(messages[-1]))
    return [write_message(message, dialect) for message in messages]


def write_message(message: Message, dialect: Dialect = OPENAI) -> dict[str, Json]:
    """The wire form, keys in the source's order if it is known, else in ours."""
    extras = message.extras
    if not extras and type(message.content) is str and is_plain(message):
        return {"role": message.role, "content": message.content}
    found = _parts_of(message, dialect)
    order = extras.get(KEYS)
    if order is None:
        return found
    if "content" not in order and message.content is None:
        found.pop("content", None)
    if "role" not in order and not message.role:
        found.pop("role", None)
    return ordered(found, order)


def is_plain(message: Message) -> bool:
    """No more than a role and content, extras aside."""
    return (
        message.weight is None
        and message.reasoning is None
        and not message.tool_calls
        and message.tool_call_id is None
        and message.name is None
    )


def _parts_of(message: Message, dialect: Dialect) -> dict[str, Json]:
    extras = message.extras
    content = message.content
    if dialect.images == images.FILE and isinstance(content, list):
        content = [write_part(part) for part in content]
    role = extras["role"] if not message.role and "role" in extras else message.role
    found: dict[str, Json] = {"role": role, "content": content}
    for key, value in _fields(message, dialect):
        if value is not None:
            found[key] = value
        elif key in extras:
            found[key] = extras[key]
    found.update((key, value) for key, value in extras.items() if key not in found and key not in RESERVED)
    return found


def _fields(message: Message, dialect: Dialect) -> Iterator[tuple[str, Json]]:
    if dialect.reasoning != THINK:
        yield "reasoning_content", message.reasoning
    yield "name", message.name
    yield "tool_calls", [write_call(call) for call in message.tool_calls] or None
    yield "tool_call_id", message.tool_call_id
    yield dialect.weight or "weight", _weight(message, dialect)


def _weight(message: Message, dialect: Dialect) -> float | None:
    weight = message.weight
    if weight is None or remembered(message.extras).get("weight") == weight:
        return weight
    return int(weight) if dialect.weights is binary and binary(weight) else weight

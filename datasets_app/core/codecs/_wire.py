"""Reading and writing the turns of a conversation in OpenAI's shape, and the variations that platforms make of it.

A `Dialect` is the declaration of a format: under which key a weight stands and which are possible, how reasoning is
written, which pictures and roles it knows, and whether it keeps what it does not know. From it follow `read_messages`,
`write_messages`, `lost` (what a turn has that the format cannot carry) and `reduced` (the turn without that).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from datasets_app.core import images
from datasets_app.core.codecs.base import FORM, KEYS, RAW, RESERVED, CodecError, ordered, refuse_reserved, remembered
from datasets_app.core.jsonl import Json
from datasets_app.core.samples import Message, ToolCall
from ftstudio.errors import Text

KEY = "key"  # reasoning stands under reasoning_content
THINK = "think"  # reasoning stands in the last answer's text, between <think> tags


def binary(weight: float) -> bool:
    """0 (not trained) or 1, as OpenAI, Together and Fireworks take it."""
    return weight in (0, 1)


def share(weight: float) -> bool:
    """0 to 1, as Ark takes it."""
    return 0 <= weight <= 1


def positive_share(weight: float) -> bool:
    """More than 0, at most 1, as DashScope takes it: a turn cannot be excluded."""
    return 0 < weight <= 1


@dataclass(frozen=True, slots=True)
class Dialect:
    """What the turns of a format can hold. The default is OpenAI's own."""

    roles: tuple[str, ...] = ()  # () takes any: a rule judges them
    weight: str = "weight"  # the key of a turn's share in the loss; "": none
    weights: Callable[[float], bool] = binary
    reasoning: str = KEY  # KEY, THINK or "": none
    images: str = images.URL
    tools: bool = True  # tools, calls and what they gave back
    names: bool = True
    others: bool = True  # keys that the format does not know ride along
    known: tuple[str, ...] = field(init=False)  # the keys that have a field of `Message`, in the order they are written

    def __post_init__(self) -> None:
        thought = () if self.reasoning == THINK else ("reasoning_content",)
        known = ("role", "content", *thought, "name", "tool_calls", "tool_call_id", self.weight or "weight")
        object.__setattr__(self, "known", known)


OPENAI = Dialect()


# Reading


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
    messages = tuple([read_message(item, f"{path}/{at}", dialect) for at, item in enumerate(value)])
    if dialect.reasoning == THINK:
        return (*messages[:-1], thoughtful(messages[-1]))
    return messages


def read_message(item: Json, path: str, dialect: Dialect = OPENAI) -> Message:
    """One wire message. Raises `CodecError` when it is no object or its content has an unusable type."""
    if not isinstance(item, dict):
        raise CodecError("not-an-object", Text("Each message must be an object with a role and content."), path)
    role = item.get("role")
    content = item.get("content")
    if type(content) is str and type(role) is str and tuple(item) == ("role", "content"):
        return Message(role, content)  # nearly every turn of every file
    refuse_reserved(item, path)
    if content is not None and not isinstance(content, str):
        _check_parts(content, path + "/content")
        if dialect.images == images.FILE:
            content = [_read_part(part) for part in content]
    known = dialect.known
    extras = {key: value for key, value in item.items() if key not in known or not _readable(key, value, dialect)}
    calls = () if "tool_calls" in extras else item.get("tool_calls", ())
    weight_key = dialect.weight or "weight"
    message = Message(
        role=role if isinstance(role, str) else "",
        content=content,
        name=_text(item, "name"),
        tool_calls=tuple(_read_call(call, f"{path}/tool_calls/{at}") for at, call in enumerate(calls)),
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


def _readable(key: str, value: Json, dialect: Dialect) -> bool:
    """Whether the field for this known key can hold the value."""
    if key == "content":
        return True
    if key == "tool_calls":
        return isinstance(value, list) and bool(value)
    if key == (dialect.weight or "weight"):
        return isinstance(value, int | float) and not isinstance(value, bool)
    return isinstance(value, str)


def _odd(weight: float, dialect: Dialect) -> bool:
    """A weight that we would not write in this way."""
    return not dialect.weights(weight) or (dialect.weights is binary and type(weight) is float)


def _text(item: Mapping[str, Json], key: str) -> str | None:
    value = item.get(key)
    return value if isinstance(value, str) else None


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


def write_messages(messages: tuple[Message, ...], dialect: Dialect = OPENAI) -> list[Json]:
    """The wire form of the turns; nothing that `lost` names is looked for here."""
    if dialect.reasoning == THINK and messages and messages[-1].reasoning is not None:
        messages = (*messages[:-1], spoken(messages[-1]))
    return [write_message(message, dialect) for message in messages]


def write_message(message: Message, dialect: Dialect = OPENAI) -> dict[str, Json]:
    """The wire form, keys in the source's order if it is known, else in ours."""
    extras = message.extras
    if not extras and type(message.content) is str and _plain(message):
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


def _plain(message: Message) -> bool:
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
        content = [_write_part(part) for part in content]
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
    yield "tool_calls", [_write_call(call) for call in message.tool_calls] or None
    yield "tool_call_id", message.tool_call_id
    yield dialect.weight or "weight", _weight(message, dialect)


def _weight(message: Message, dialect: Dialect) -> float | None:
    weight = message.weight
    if weight is None or remembered(message.extras).get("weight") == weight:
        return weight
    return int(weight) if dialect.weights is binary and binary(weight) else weight


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


# What cannot be carried


def lost(message: Message, dialect: Dialect, *, last: bool = False) -> Iterator[str]:
    """The names of what the format cannot carry of a turn; `last`: of the last one, whose reasoning THINK can write."""
    known = not dialect.roles or message.role in dialect.roles
    if known and not message.extras and type(message.content) is str and _plain(message):
        return
    yield from (key for key, value in message.extras.items() if not _rides(key, value, message, dialect))
    if not known:
        yield "role"
    if isinstance(message.content, list):
        yield from (name for part in message.content if (name := _lost_part(part, dialect)))
        if not message.content and not dialect.images:
            yield "content"
    elif message.content is None and not dialect.tools:
        yield "content"
    if message.name is not None and not dialect.names:
        yield "name"
    if not dialect.tools:
        yield from (key for key in ("tool_call_id", "tool_calls") if getattr(message, key) not in (None, ()))
    if message.weight is not None and not _can_weigh(message, dialect):
        yield "weight"
    if message.reasoning is not None and not _can_reason(message, dialect, last):
        yield "reasoning_content"


def reduced(message: Message, dialect: Dialect, path: str = "", *, last: bool = False) -> Message:
    """The turn without what `lost` names. Raises `CodecError` when no turn is left of it."""
    fields = tuple(dict.fromkeys(lost(message, dialect, last=last)))
    if not fields:
        return message
    if "role" in fields:
        raise CodecError(
            "role-unknown",
            Text("A turn of the role “{role}” has no place in the format.", role=message.role or "?"),
            path,
            fields,
        )
    content = message.content
    if isinstance(content, list):
        parts = [part for part in content if not _lost_part(part, dialect)]
        content = parts if dialect.images else message.text or None
    kept = Message(
        role=message.role,
        content=content,
        name=message.name if dialect.names else None,
        tool_calls=message.tool_calls if dialect.tools else (),
        tool_call_id=message.tool_call_id if dialect.tools else None,
        reasoning=message.reasoning if "reasoning_content" not in fields else None,
        weight=message.weight if "weight" not in fields else None,
        extras={key: value for key, value in message.extras.items() if _rides(key, value, message, dialect)},
    )
    if (kept.content is None and not dialect.tools) or kept.content == []:
        raise CodecError(
            "content-missing", Text("Nothing that the format can carry is left of this turn."), path, fields
        )
    return kept


def _rides(key: str, value: Json, message: Message, dialect: Dialect) -> bool:
    """Whether an extra key is written and read back as one."""
    if key in RESERVED:
        return True
    if key not in dialect.known:
        return dialect.others
    if key == "content":
        return False
    attribute = "weight" if key == dialect.weight else {"reasoning_content": "reasoning"}.get(key, key)
    free = not message.role if key == "role" else getattr(message, attribute) in (None, ())
    return free and dialect.others and not _readable(key, value, dialect)


def _can_weigh(message: Message, dialect: Dialect) -> bool:
    weight = message.weight
    if not dialect.weight or weight is None:
        return False
    return dialect.weights(weight) or remembered(message.extras).get("weight") == weight


def _can_reason(message: Message, dialect: Dialect, last: bool) -> bool:
    if dialect.reasoning != THINK:
        return bool(dialect.reasoning)
    return last and message.role == "assistant" and _twice(message)


def _twice(message: Message) -> bool:
    """Whether reasoning and answer come apart again as they were put together."""
    return (
        isinstance(message.content, str)
        and message.reasoning is not None
        and split_thinking(join_thinking(message.reasoning, message.content)) == (message.reasoning, message.content)
    )


# Reasoning as text


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


# Pictures as DashScope has them: {"text": …} and {"image": "file.jpg", …}


def _read_part(part: dict[str, Json]) -> dict[str, Json]:
    if "type" in part:
        return part
    if isinstance(part.get("text"), str):
        return {"type": "text", **part}
    if isinstance(part.get("image"), str) and "image_url" not in part:
        return {**images.part_of(part["image"]), **{key: value for key, value in part.items() if key != "image"}}
    return part


def _write_part(part: Json) -> Json:
    kind = part.get("type")
    address = images.address_of(part)
    if kind == "text" and isinstance(part.get("text"), str):
        return {key: value for key, value in part.items() if key != "type"}
    if kind == "image_url" and address is not None:
        return {"image": address, **{key: value for key, value in part.items() if key not in ("type", "image_url")}}
    return part


def _lost_part(part: Json, dialect: Dialect) -> str:
    """ "" when the format can carry the part."""
    address = images.address_of(part)
    if not dialect.images:
        return "content" if address is None else "images"
    if address is not None:
        whole = dialect.images != images.FILE or _read_part(_write_part(part)) == part
        return "" if whole and images.fits(address, dialect.images) else "images"
    if dialect.images == images.FILE:
        written = _write_part(part)
        return "" if "type" not in written and _read_part(written) == part else "content"
    return ""

"""The turns of ShareGPT, `{"from", "value"}`, which its two formats and tables share (facts §13).

Calls of tools are turns of their own. Where a source wrote a value in another way than we would (spacing of the JSON,
another name of a role), the memory keeps its text, and that is written again as long as it says the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from datasets_app.core import images
from datasets_app.core.codecs._carrying import lost
from datasets_app.core.codecs._dialect import THINK, Dialect
from datasets_app.core.codecs._sharegpt_calls import read_calls, write_calls
from datasets_app.core.codecs._tags import untaggable
from datasets_app.core.codecs._thinking import thoughtful
from datasets_app.core.codecs.base import FORM, KEYS, RESERVED, CodecError, ordered, refuse_reserved, remembered
from datasets_app.core.json_text import unescaped
from datasets_app.core.jsonl import Json
from datasets_app.core.samples import Message, ToolCall
from ftstudio.errors import Text


def _never(weight: float) -> bool:
    """No trainer of ShareGPT rows documents weights: one is written only where the source had it."""
    return False


TURNS = Dialect(
    roles=("system", "user", "assistant", "tool"), weights=_never, reasoning=THINK, images=images.TAG, names=False
)
_ROLE = {
    "human": "user", "user": "user", "gpt": "assistant", "assistant": "assistant", "chatgpt": "assistant",
    "bing": "assistant", "bard": "assistant", "system": "system", "observation": "tool", "tool": "tool",
    "function_call": "assistant",
}  # fmt: skip
_FROM = {"user": "human", "assistant": "gpt", "system": "system", "tool": "observation"}
CALL = "function_call"


def read_turns(value: Json, path: str) -> tuple[Message, ...]:
    """Raises `CodecError` when it is no list of turns, or an empty one."""
    if not isinstance(value, list):
        raise CodecError("messages-missing", Text("“conversations” must be a list of turns."), path)
    if not value:
        raise CodecError("messages-empty", Text("“conversations” is empty: a sample needs at least one turn."), path)
    messages = [read_turn(turn, f"{path}/{at}") for at, turn in enumerate(value)]
    return (*messages[:-1], thoughtful(messages[-1]))


def read_turn(turn: Json, path: str) -> Message:
    """One turn. Raises `CodecError` when it has no text in `value`."""
    if not isinstance(turn, dict):
        raise CodecError("not-an-object", Text("Each turn must be an object with “from” and “value”."), path)
    who, value = turn.get("from"), turn.get("value")
    if not isinstance(value, str):
        raise CodecError("content-missing", Text("“value” must be text."), f"{path}/value")
    if not isinstance(who, str):
        raise CodecError("role-unknown", Text("“from” must say who speaks: human, gpt or system."), f"{path}/from")
    refuse_reserved(turn, path)
    role = _ROLE.get(who, who)
    extras = {key: item for key, item in turn.items() if key not in ("from", "value")}
    form: dict[str, Json] = {}
    weight, name = turn.get("weight"), turn.get("name")
    if isinstance(weight, int | float) and not isinstance(weight, bool):
        form["weight"] = extras.pop("weight")
    else:
        weight = None
    if isinstance(name, str):
        form["name"] = extras.pop("name")
    else:
        name = None
    message = Message(role, value, name, weight=weight, extras=extras)
    calls = read_calls(value) if who == CALL else ()
    if calls:
        message = replace(message, content=None, tool_calls=calls)
        value = unescaped(value)
        if write_calls(calls) != value:
            form["value"] = value
    elif _FROM.get(role) != who:
        form["from"] = who
    if form:
        extras[FORM] = form
    if tuple(turn) != tuple(write_turn(message)):
        extras[KEYS] = list(turn)
    return message


def write_turn(message: Message) -> dict[str, Json]:
    """The inverse, of a turn whose content is text or calls."""
    form = remembered(message.extras)
    if message.tool_calls:
        value = form.get("value")
        if not isinstance(value, str) or read_calls(value) != message.tool_calls:
            value = write_calls(message.tool_calls)
        found: dict[str, Json] = {"from": CALL, "value": value}
    else:
        who = form.get("from", "")
        if _ROLE.get(who, who) != message.role:
            who = _FROM.get(message.role, message.role)
        found = {"from": who, "value": message.text}
    if message.name is not None:
        found["name"] = message.name
    if message.weight is not None:
        found["weight"] = message.weight
    found.update((key, item) for key, item in message.extras.items() if key not in RESERVED)
    return ordered(found, message.extras.get(KEYS))


def lost_of_turns(messages: tuple[Message, ...]) -> Iterator[str]:
    """What turns have that ShareGPT cannot say."""
    final = len(messages) - 1
    for at, message in enumerate(messages):
        yield from _lost_of_turn(message, last=at == final)
    yield from untaggable(messages)


def _lost_of_turn(message: Message, *, last: bool) -> Iterator[str]:
    form = remembered(message.extras)
    for name in lost(message, TURNS, last=last):
        named = message.name is not None and form.get("name") == message.name
        if not (name == "role" and "from" in form) and not (name == "name" and named):
            yield name
    yield from (key for key in ("from", "value") if key in message.extras)
    if message.tool_call_id is not None or any(call.id is not None for call in message.tool_calls):
        yield "tool_call_id"
    if message.tool_calls and (message.role != "assistant" or any(call.extras for call in message.tool_calls)):
        yield "tool_calls"
    if message.tool_calls and message.reasoning is not None:
        yield "reasoning_content"
    if message.content if message.tool_calls else message.content is None:  # a turn of calls says nothing beside them
        yield "content"


def reduced_turns(messages: tuple[Message, ...]) -> tuple[Message, ...]:
    """The turns without what `lost_of_turns` names. Raises `CodecError` when nothing is left of one."""
    final = len(messages) - 1
    found = []
    for at, message in enumerate(messages):
        fields = dict.fromkeys((*_lost_of_turn(message, last=at == final), *untaggable((message,))))
        if "role" in fields:
            raise CodecError(
                "role-unknown",
                Text("A turn of the role “{role}” has no place in ShareGPT.", role=message.role or "?"),
                f"/messages/{at}",
                tuple(fields),
            )
        calls = message.tool_calls if message.role == "assistant" else ()
        content = None if calls else message.content
        if isinstance(content, list) and not fields.keys().isdisjoint(("images", "content")):
            content = message.text or None
        if content is None and not calls:
            raise CodecError("content-missing", Text("This turn has no text."), f"/messages/{at}", tuple(fields))
        kept = replace(
            message,
            content=content,
            name=None if "name" in fields else message.name,
            tool_calls=tuple(ToolCall(call.name, call.arguments) for call in calls),
            tool_call_id=None,
            weight=None if "weight" in fields else message.weight,
            reasoning=None if "reasoning_content" in fields else message.reasoning,
            extras={key: value for key, value in message.extras.items() if key not in fields},
        )
        found.append(kept)
    if any(untaggable(found)):  # a tag in the text of one turn, a picture in another
        found = [replace(message, content=message.text) if not message.tool_calls else message for message in found]
    return tuple(found)

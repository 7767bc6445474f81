"""The turns of ShareGPT, `{"from", "value"}`, and the row around them: what its two formats share (facts §13).

Calls of tools are turns of their own whose value is JSON, `tools` is a text of JSON, pictures are `<image>` tags.
Where a source wrote a value in another way than we would (spacing of the JSON, another name of a role), the memory
keeps its text, and that is written again as long as it says the same.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace

from datasets_app.core import images
from datasets_app.core.codecs._tags import tagged, untaggable, untagged
from datasets_app.core.codecs._wire import THINK, Dialect, lost, spoken, thoughtful
from datasets_app.core.codecs.base import (
    FORM,
    KEYS,
    RESERVED,
    CodecError,
    ordered,
    refuse_reserved,
    remembered,
)
from datasets_app.core.jsonl import Json
from datasets_app.core.samples import Message, Sample, ToolCall
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


# Turns


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
    calls = _read_calls(value) if who == CALL else ()
    if calls:
        message = replace(message, content=None, tool_calls=calls)
        if _write_calls(calls) != value:
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
        if not isinstance(value, str) or _read_calls(value) != message.tool_calls:
            value = _write_calls(message.tool_calls)
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


def _read_calls(value: str) -> tuple[ToolCall, ...]:
    """The calls in the value of a function_call turn; () when it holds none."""
    try:
        data = json.loads(value)
    except (ValueError, RecursionError):
        return ()
    several = data if isinstance(data, list) else [data]
    if not several or not all(
        isinstance(call, dict) and set(call) == {"name", "arguments"} and isinstance(call["name"], str)
        for call in several
    ):
        return ()
    written = [value.strip()] if data is several[0] else _elements(value)
    return tuple(_read_call(call, text) for call, text in zip(several, written, strict=True))


def _elements(array: str) -> Iterator[str]:
    """The texts of the elements of a JSON array."""
    decoder = json.JSONDecoder()
    at = array.index("[") + 1
    while array[at] != "]":
        if array[at] in " \t\r\n,":
            at += 1
            continue
        end = decoder.raw_decode(array, at)[1]
        yield array[at:end]
        at = end


def _read_call(call: dict[str, Json], written: str) -> ToolCall:
    """One call of a value; where it stands as we would write it, the spacing and the digits of numbers are kept."""
    given = call["arguments"]
    if isinstance(given, str):
        return ToolCall(call["name"], given)
    before = _before(call["name"])
    if written.startswith(before) and _value(text := written[len(before) : -1]) == given:
        return ToolCall(call["name"], text)
    return ToolCall(call["name"], json.dumps(given, ensure_ascii=False))


def _write_calls(calls: tuple[ToolCall, ...]) -> str:
    texts = [_before(call.name) + _argument(call.arguments) + "}" for call in calls]
    return texts[0] if len(texts) == 1 else "[" + ", ".join(texts) + "]"


def _before(name: str) -> str:
    return '{"name": ' + json.dumps(name, ensure_ascii=False) + ', "arguments": '


def _argument(arguments: str) -> str:
    """The arguments as JSON; what is none, or is a text in JSON, is written as a text."""
    value = _value(arguments)
    return json.dumps(arguments, ensure_ascii=False) if value is _NOT_JSON or isinstance(value, str) else arguments


_NOT_JSON = object()


def _value(text: str) -> Json:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return _NOT_JSON


def lost_of_turns(messages: tuple[Message, ...]) -> Iterator[str]:
    """What turns have that ShareGPT cannot say."""
    final = len(messages) - 1
    for at, message in enumerate(messages):
        yield from _lost_of_turn(message, last=at == final)
    yield from untaggable(messages)


def _lost_of_turn(message: Message, *, last: bool) -> Iterator[str]:
    form = remembered(message.extras)
    for name in lost(message, TURNS, last=last):
        if not (name == "role" and "from" in form) and not (name == "name" and form.get("name") == message.name):
            yield name
    yield from (key for key in ("from", "value") if key in message.extras)
    if message.tool_call_id is not None or any(call.id is not None for call in message.tool_calls):
        yield "tool_call_id"
    if message.tool_calls and (message.role != "assistant" or any(call.extras for call in message.tool_calls)):
        yield "tool_calls"
    if message.tool_calls and message.reasoning is not None:
        yield "reasoning_content"
    if message.text if message.tool_calls else message.content is None:
        yield "content"


def reduced_turns(messages: tuple[Message, ...]) -> tuple[Message, ...]:
    """The turns without what `lost_of_turns` names. Raises `CodecError` when nothing is left of one."""
    final = len(messages) - 1
    found = []
    for at, message in enumerate(messages):
        fields = {*_lost_of_turn(message, last=at == final), *untaggable((message,))}
        if "role" in fields:
            raise CodecError(
                "role-unknown",
                Text("A turn of the role “{role}” has no place in ShareGPT.", role=message.role or "?"),
                f"/messages/{at}",
                tuple(fields),
            )
        calls = message.tool_calls if message.role == "assistant" else ()
        content = None if calls else message.content
        if isinstance(content, list) and not fields.isdisjoint(("images", "content")):
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


# The row around the turns


_NO_TOOLS = ("", "[]")  # a column that the row does not use


def read_tools(value: Json) -> tuple[tuple[Json, ...], bool]:
    """(the tools in OpenAI's shape, whether we would write the same text); () when the value holds none."""
    found = _value(value) if isinstance(value, str) else None
    if not isinstance(found, list) or not found or not all(isinstance(tool, dict) for tool in found):
        return (), False
    tools = tuple({"type": "function", "function": tool} if _bare(tool) else tool for tool in found)
    return tools, write_tools(tools) == value


def write_tools(tools: tuple[Json, ...]) -> str:
    """The text of the column: functions without the object around them."""
    return json.dumps([_unwrapped(tool) for tool in tools], ensure_ascii=False)


def _unwrapped(tool: Json) -> Json:
    plain = isinstance(tool, dict) and tuple(tool) == ("type", "function") and tool["type"] == "function"
    return tool["function"] if plain and _bare(tool["function"]) else tool


def _bare(tool: Json) -> bool:
    return isinstance(tool, dict) and isinstance(tool.get("name"), str) and "function" not in tool


def read_row(
    record: dict[str, Json], key: str, own: tuple[str, ...], messages: tuple[Message, ...]
) -> tuple[Sample, dict[str, Json]]:
    """(the sample of the row's turns with what stands beside them, what is to be remembered of the row)."""
    refuse_reserved(record)
    extras = {name: value for name, value in record.items() if name not in own and name != key}
    form: dict[str, Json] = {}
    tools: tuple[Json, ...] = ()
    if "tools" in record:
        tools, same = read_tools(record["tools"])
        if tools or record["tools"] in _NO_TOOLS:
            del extras["tools"]
            if not same:
                form["tools"] = record["tools"]
    system = record.get("system")
    if isinstance(system, str) and system and messages[0].role != "system":
        del extras["system"]
        form["system"] = True
        messages = (Message("system", system), *messages)
    pictured = untagged(messages, record.get("images"))
    if pictured is not None:
        del extras["images"]
    return Sample(pictured or messages, tools, (), extras), form


def write_row(sample: Sample) -> tuple[tuple[Message, ...], dict[str, Json]]:
    """(the turns with their content as text, what stands beside them)."""
    form = remembered(sample.extras)
    messages, addresses = tagged(sample.messages)
    if messages and messages[-1].reasoning is not None:
        messages = (*messages[:-1], spoken(messages[-1]))
    beside: dict[str, Json] = {}
    if form.get("system") and len(messages) > 1 and messages[0].role == "system" and messages[0].content:
        beside["system"], messages = messages[0].text, messages[1:]
    if sample.tools:
        text = form.get("tools")
        beside["tools"] = text if read_tools(text)[0] == sample.tools else write_tools(sample.tools)
    elif form.get("tools") in _NO_TOOLS:
        beside["tools"] = form["tools"]
    if addresses:
        beside["images"] = addresses
    beside.update((key, value) for key, value in sample.extras.items() if key not in RESERVED and key not in beside)
    return messages, beside


def lost_beside(sample: Sample, own: tuple[str, ...]) -> Iterator[str]:
    """The extra keys that would be read as something else."""
    yield from (key for key, value in sample.extras.items() if key in own or _is_ours(sample, key, value))
    if carried_tools(sample.tools) != sample.tools:
        yield "tools"


def carried_tools(tools: tuple[Json, ...]) -> tuple[Json, ...]:
    """The tools that are read back as they are: a bare function would come back with a wrapping."""
    return tuple(tool for tool in tools if isinstance(tool, dict) and not _bare(tool))


def _is_ours(sample: Sample, key: str, value: Json) -> bool:
    """Whether an extra of this name would be read as the row's own tools, pictures or system text."""
    if key == "tools":
        return bool(sample.tools or read_tools(value)[0]) or value in _NO_TOOLS
    if key == "images":
        return bool(images.addresses(sample)) or untagged(sample.messages, value) is not None
    return key == "system" and isinstance(value, str) and bool(value) and not _led(sample)


def _led(sample: Sample) -> bool:
    return bool(sample.messages) and sample.messages[0].role == "system" and not remembered(sample.extras).get("system")

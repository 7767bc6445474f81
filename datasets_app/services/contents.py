"""Reading a sample's content as a person or a client sends it: the storage form, checked value by value."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from django.conf import settings

from datasets_app.core import samples
from datasets_app.core.codecs._calls import is_sound
from datasets_app.core.codecs.base import MEMORY, forgotten
from datasets_app.core.samples import Message, Sample
from ftstudio.errors import InvalidInput, Text

_TEXTS = ("name", "tool_call_id", "reasoning")
_KEYS = {"role", "content", "tool_calls", "weight", "extras", *_TEXTS}
Messages = Sequence[Any]
BROUGHT = ("import", "evaluation")  # origins of a revision whose answer no person has worked on


def changed(
    before: Sample, *, messages: Messages | None = None, rejected: Messages | None = None, tools: Messages | None = None
) -> Sample:
    """`before` with the parts that were sent. Raises InvalidInput naming the part that cannot be stored."""
    after = before
    if messages is not None:
        read = _known(_turns(messages, "messages"), before)
        if not read:
            raise InvalidInput(messages=Text("A sample needs at least one turn."))
        after = replace(after, messages=read)
    if rejected is not None:
        after = replace(after, rejected=_known(_turns(rejected, "rejected"), before))
    if tools is not None:
        if not isinstance(tools, list | tuple):
            raise InvalidInput(tools=Text("Tools are a list of objects."))
        after = replace(after, tools=tuple(tools))
    _refuse_unstorable(after)
    return after


def paired(before: Sample, after: Sample, *, imported: bool) -> Sample:
    """Keep the imported answer as the rejected one when its answer is corrected; drop it when they are equal again."""
    if not after.answer:
        return after
    if imported and not before.rejected and before.answer and before.answer.text != after.answer.text:
        return replace(after, rejected=(before.answer,))
    if before.rejected and len(before.rejected) == 1 and before.rejected[0] == after.answer:
        return replace(after, rejected=())
    return after


def _turns(items: Messages, part: str) -> tuple[Message, ...]:
    if not isinstance(items, list | tuple):
        refused: dict[str, Any] = {part: Text("Turns are a list of objects with role and content.")}
        raise InvalidInput(**refused)
    return tuple(_turn(item, part, at) for at, item in enumerate(items, start=1))


def _known(turns: tuple[Message, ...], before: Sample) -> tuple[Message, ...]:
    """The turns without any memory of a source that is not `before`'s: what a codec remembers, nobody can make up."""
    if all(MEMORY.isdisjoint(turn.extras) for turn in turns):
        return turns
    known = [_memory(turn) for turn in (*before.messages, *before.rejected)]
    return tuple(turn if (own := _memory(turn)) == {} or own in known else forgotten(turn) for turn in turns)


def _memory(turn: Message) -> dict[str, Any]:
    return {key: turn.extras[key] for key in turn.extras.keys() & MEMORY}


def _turn(item: Any, part: str, at: int) -> Message:
    if not isinstance(item, dict):
        raise _wrong(part, at, Text("it must be an object with role and content"))
    if unknown := sorted(str(key) for key in item.keys() - _KEYS):
        raise _wrong(part, at, Text("the key “{key}” is unknown; other keys belong into “extras”", key=unknown[0][:60]))
    if not isinstance(item.get("role"), str):
        raise _wrong(part, at, Text("its role must be a text"))
    content = item.get("content")
    parts = isinstance(content, list) and all(isinstance(one, dict) for one in content)
    if not (content is None or isinstance(content, str) or parts):
        raise _wrong(part, at, Text("its content must be text, a list of content parts, or null"))
    for key in _TEXTS:
        if item.get(key) is not None and not isinstance(item[key], str):
            raise _wrong(part, at, Text("its {key} must be a text", key=key))
    weight = item.get("weight")
    if weight is not None and (isinstance(weight, bool) or not isinstance(weight, int | float)):
        raise _wrong(part, at, Text("its weight must be a number"))
    if not isinstance(item.get("extras", {}), dict):
        raise _wrong(part, at, Text("its extras must be an object"))
    calls = item.get("tool_calls", [])
    if not isinstance(calls, list) or not all(_is_call(call) for call in calls):
        raise _wrong(part, at, Text("its tool calls must be objects with a name and arguments as text"))
    [message] = samples.from_data({"messages": [{**item, "content": content}]}).messages
    return message


def _is_call(call: Any) -> bool:
    return (
        isinstance(call, dict)
        and call.keys() <= {"id", "name", "arguments", "extras"}
        and isinstance(call.get("name"), str)
        and isinstance(call.get("arguments"), str)
        and isinstance(call.get("id", ""), str)
        and isinstance(extras := call.get("extras", {}), dict)
        and is_sound(extras)
    )


def _wrong(part: str, at: int, why: Text) -> InvalidInput:
    refused: dict[str, Any] = {part: Text("Turn {n}: {why}.", n=at, why=why)}
    return InvalidInput(**refused)


def _refuse_unstorable(sample: Sample) -> None:
    """Half characters, endless nesting, numbers JSON does not know, or simply too much."""
    try:
        size = len(samples.to_json(sample).encode())
    except (TypeError, ValueError, RecursionError) as error:  # orjson's error is a TypeError, json's a ValueError
        raise InvalidInput(
            messages=Text("This content cannot be stored as JSON text: {reason}.", reason=str(error)[:200])
        ) from error
    if size > settings.LINE_MAX_BYTES:
        raise InvalidInput(messages=Text("A sample may have at most {limit} bytes.", limit=settings.LINE_MAX_BYTES))

"""Calls of tools as ShareGPT has them: one `{"name", "arguments"}`, or a list of them, as the JSON text of a turn.

What stands as we would write it is kept as a text, so that no number passes through a float.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

from datasets_app.core.json_text import unescaped
from datasets_app.core.jsonl import Json
from datasets_app.core.samples import ToolCall

NOT_JSON = object()


def read_calls(value: str) -> tuple[ToolCall, ...]:
    """The calls in the value of a function_call turn; () when it holds none."""
    value = unescaped(value)
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
        return ToolCall(call["name"], unescaped(given))
    before = _before(call["name"])
    if written.startswith(before) and value_of(text := written[len(before) : -1]) == given:
        return ToolCall(call["name"], text)
    return ToolCall(call["name"], json.dumps(given, ensure_ascii=False))


def write_calls(calls: tuple[ToolCall, ...]) -> str:
    texts = [_before(call.name) + _argument(call.arguments) + "}" for call in calls]
    return texts[0] if len(texts) == 1 else "[" + ", ".join(texts) + "]"


def _before(name: str) -> str:
    return '{"name": ' + json.dumps(name, ensure_ascii=False) + ', "arguments": '


def _argument(arguments: str) -> str:
    """The arguments as JSON; what is none, or is a text in JSON, is written as a text."""
    value = value_of(arguments)
    return json.dumps(arguments, ensure_ascii=False) if value is NOT_JSON or isinstance(value, str) else arguments


def value_of(text: str) -> Json:
    """The value of a JSON text, or `NOT_JSON`."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return NOT_JSON

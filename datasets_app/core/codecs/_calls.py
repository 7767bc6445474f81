"""Calls of tools in OpenAI's shape, `{"id", "type", "function": {"name", "arguments"}}`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace

from datasets_app.core.codecs.base import RAW, CodecError
from datasets_app.core.json_text import unescaped
from datasets_app.core.jsonl import Json
from datasets_app.core.samples import ToolCall
from ftstudio.errors import Text

_OURS = frozenset(("id", "type", "function"))


def read_call(call: Json, path: str) -> ToolCall:
    function = call.get("function") if isinstance(call, dict) else None
    if not isinstance(function, dict) or not isinstance(function.get("name"), str):
        raise CodecError(
            "not-an-object", Text("Each tool call must be an object with a function that has a name."), path
        )
    arguments = function.get("arguments")
    if (
        isinstance(arguments, str) and "\\u" in arguments
    ):  # as most libraries write Chinese when nobody tells them not to
        arguments = unescaped(arguments)
        call = {**call, "function": {**function, "arguments": arguments}}
    text = arguments if isinstance(arguments, str) else _compact(arguments) if "arguments" in function else ""
    identity = call.get("id")
    read = ToolCall(function["name"], text, identity if isinstance(identity, str) else None)
    return read if _same(write_call(read), call) else replace(read, extras={RAW: call})


def write_call(call: ToolCall) -> dict[str, Json]:
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
        **{key: value for key, value in call.extras.items() if key not in _OURS},  # what a client put beside it
    }


def is_sound(extras: Mapping[str, Json]) -> bool:
    """Whether a call with these extras, which a client sent, can be written."""
    raw = extras.get(RAW, {"function": {"name": ""}})
    function = raw.get("function") if isinstance(raw, dict) else None
    return isinstance(function, dict) and isinstance(function.get("name"), str) and _OURS.isdisjoint(extras)


def _compact(value: Json) -> str:
    return json.dumps(value, ensure_ascii=False)


def _same(one: Json, other: Json) -> bool:
    """Equal in content and in key order."""
    return json.dumps(one) == json.dumps(other)

"""Chat as everybody has taken it over from OpenAI, whole or streamed. Every answer names the model that was called."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import orjson
from werkzeug.wrappers import Response

from jobs_app.rehearsal.engine import Engine, File, Order
from jobs_app.rehearsal.shapes import instance
from jobs_app.rehearsal.wire import Call, Refused, reply

_PIECE = 6  # characters in a streamed piece
_SORRY = "I'm sorry, I can't help with that."


def complete(
    call: Call, engine: Engine, order_of: Callable[[Call, str], Order | None], seen: Sequence[File] = ()
) -> Response:
    """One answer. `order_of` gives the order behind a tuned model, None for a base model, and raises Refused; `seen`
    are files that the account has sent."""
    sent = call.sent
    model, messages = sent.get("model"), sent.get("messages")
    if not isinstance(model, str):
        raise Refused("request", "you must provide a model parameter", param="model")
    if not isinstance(messages, list) or not messages or not all(isinstance(m, dict) for m in messages):
        raise Refused("request", "'messages' must be a list of messages", param="messages")
    order = order_of(call, model)
    wanted = sent.get("response_format") or {}
    if wanted.get("type") == "json_object" and "json" not in orjson.dumps(messages).decode().lower():
        raise Refused(
            "request",
            "'messages' must contain the word 'json' in some form, to use 'response_format' of type 'json_object'.",
        )
    message = dict(engine.answer(order, model, messages, as_json=wanted.get("type") == "json_object", seen=seen))
    message = _shaped(_called(message, sent), wanted)
    message, reason = _cut(message, sent.get("max_completion_tokens") or sent.get("max_tokens"))
    message, reason = _spoilt(call.trouble, message, reason)
    head = {
        "id": f"chatcmpl-{secrets.token_hex(12)}",
        "created": int(call.now),
        "model": model,
        "system_fingerprint": "rehearsal",
    }
    usage = _usage(messages, message)
    bare = call.trouble == "no-choices"
    if sent.get("stream"):
        counted = usage if (sent.get("stream_options") or {}).get("include_usage") else None
        return Response(_stream(head, None if bare else message, reason, counted), content_type="text/event-stream")
    choice = {"index": 0, "message": message, "finish_reason": reason, "logprobs": None}
    return reply({**head, "object": "chat.completion", "choices": [] if bare else [choice], "usage": usage})


def _called(message: dict[str, Any], sent: Mapping[str, Any]) -> dict[str, Any]:
    """The answer as the tools and `tool_choice` allow it: a call that has to be made, or none."""
    tools = {
        tool["function"]["name"]: tool["function"]
        for tool in sent.get("tools") or ()
        if isinstance(tool, dict) and isinstance(tool.get("function"), dict) and "name" in tool["function"]
    }
    choice = sent.get("tool_choice") or ("auto" if tools else "none")
    if choice == "none":
        if not message.get("tool_calls"):
            return message
        arguments = message["tool_calls"][0].get("function", {}).get("arguments", "")
        return {**{key: value for key, value in message.items() if key != "tool_calls"}, "content": arguments}
    name = choice.get("function", {}).get("name") if isinstance(choice, dict) else None
    if isinstance(choice, dict) and name not in tools:
        raise Refused("request", f"Tool choice '{name}' not found in 'tools' parameter.", param="tool_choice")
    made = [call for call in message.get("tool_calls") or () if call.get("function", {}).get("name") in tools]
    if made and name in (None, made[0]["function"]["name"]):
        return {**message, "tool_calls": made}
    if choice == "auto":
        return {key: value for key, value in message.items() if key != "tool_calls"}
    function = tools.get(name) or next(iter(tools.values()), None)
    if function is None:
        raise Refused("request", "tool_choice is only allowed when tools are specified.", param="tool_choice")
    arguments = _fitting(function.get("parameters") or {}, str(message.get("content") or ""))
    made_up = {
        "id": f"call_{secrets.token_hex(12)}",
        "type": "function",
        "function": {"name": function["name"], "arguments": json.dumps(arguments, ensure_ascii=False)},
    }
    return {**message, "content": None, "tool_calls": [made_up]}


def _shaped(message: dict[str, Any], wanted: Mapping[str, Any]) -> dict[str, Any]:
    """The answer in the form that a JSON Schema asks for."""
    if wanted.get("type") != "json_schema" or message.get("tool_calls"):
        return message
    schema = (wanted.get("json_schema") or {}).get("schema")
    if not isinstance(schema, dict):
        raise Refused("request", "Missing required parameter: 'response_format.json_schema.schema'.")
    fitting = _fitting(schema, str(message.get("content") or ""))
    return {**message, "content": json.dumps(fitting, ensure_ascii=False)}


def _fitting(schema: Mapping[str, Any], content: str) -> Any:
    """The content itself where it is an object with all that is required; else an object that holds it."""
    try:
        data = json.loads(content)
    except ValueError:
        data = None
    if isinstance(data, dict) and set(schema.get("required") or ()) <= data.keys():
        return data
    return instance(schema, content)


def _cut(message: dict[str, Any], limit: Any) -> tuple[dict[str, Any], str]:
    content = message.get("content")
    if isinstance(limit, int) and isinstance(content, str) and len(content) > limit:
        return {**message, "content": content[:limit]}, "length"
    return message, "tool_calls" if message.get("tool_calls") else "stop"


def _spoilt(trouble: str, message: dict[str, Any], reason: str) -> tuple[dict[str, Any], str]:
    """The answer as a fault wants it (faults.INSIDE)."""
    content = str(message.get("content") or "")
    if trouble == "malformed-json":
        return {**message, "content": '{"answer": "' + content}, reason
    if trouble == "refusal":
        return {"role": "assistant", "content": None, "refusal": _SORRY}, "stop"
    if trouble == "length":
        return {**message, "content": content[: len(content) // 2]}, "length"
    if trouble == "content-filter":
        return {"role": "assistant", "content": None, "refusal": None}, "content_filter"
    if trouble == "empty":
        return {"role": "assistant", "content": "", "refusal": None}, "stop"
    return message, reason


def _stream(
    head: Mapping[str, Any], message: Mapping[str, Any] | None, reason: str, usage: Mapping[str, int] | None
) -> Iterator[bytes]:
    def chunk(delta: Mapping[str, Any], finish: str | None = None) -> bytes:
        choice = {"index": 0, "delta": delta, "finish_reason": finish}
        return _event({**head, "object": "chat.completion.chunk", "choices": [choice]})

    if message is not None:
        yield chunk({"role": "assistant", "content": ""})
        for key in ("content", "refusal"):
            text = message.get(key) or ""
            for start in range(0, len(text), _PIECE):
                yield chunk({key: text[start : start + _PIECE]})
        for index, call in enumerate(message.get("tool_calls") or ()):
            function = call["function"]
            opened = {**call, "function": {**function, "arguments": ""}}
            yield chunk({"tool_calls": [{"index": index, **opened}]})
            arguments = function.get("arguments") or ""
            for start in range(0, len(arguments), _PIECE):
                piece = {"arguments": arguments[start : start + _PIECE]}
                yield chunk({"tool_calls": [{"index": index, "function": piece}]})
        yield chunk({}, reason)
    if usage is not None:
        yield _event({**head, "object": "chat.completion.chunk", "choices": [], "usage": usage})
    yield b"data: [DONE]\n\n"


def _event(data: object) -> bytes:
    return b"data: " + orjson.dumps(data) + b"\n\n"


def _usage(messages: list[Any], message: Mapping[str, Any]) -> dict[str, int]:
    """Characters counted as tokens: enough to show where such figures go, and obviously nobody's bill."""
    asked = sum(len(str(m.get("content") or "")) + 4 for m in messages)
    told = len(str(message.get("content") or "")) + 4
    return {"prompt_tokens": asked, "completion_tokens": told, "total_tokens": asked + told}

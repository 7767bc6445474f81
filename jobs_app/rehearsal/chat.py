"""Models and chat as the OpenAI wire has them, whole or streamed. Every answer names the model that was called."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping
from typing import Any

import orjson
from werkzeug.wrappers import Request, Response

from jobs_app.rehearsal.dialect import Dialect
from jobs_app.rehearsal.wire import Refused, body, reply

_PIECE = 6  # characters in a streamed piece


def list_models(dialect: Dialect, request: Request, owner: str, now: float) -> Response:
    tuned = [job["model"] for job in dialect.store.jobs(owner) if dialect.tuned(owner, job["model"], now)]
    return reply({"object": "list", "data": [_model(name, now) for name in [*dialect.engine.models, *tuned]]})


def get_model(dialect: Dialect, request: Request, owner: str, now: float, *, model: str) -> Response:
    if model not in dialect.engine.models and dialect.tuned(owner, model, now) is None:
        raise _no_model(model)
    return reply(_model(model, now))


def complete(dialect: Dialect, request: Request, owner: str, now: float) -> Response:
    sent = body(request)
    model, messages = sent.get("model"), sent.get("messages")
    if not isinstance(model, str):
        raise Refused(400, "you must provide a model parameter", param="model")
    if not isinstance(messages, list) or not messages or not all(isinstance(m, dict) for m in messages):
        raise Refused(400, "'messages' must be a list of messages", param="messages")
    order = dialect.tuned(owner, model, now)
    if order is None and model not in dialect.engine.models:
        raise _no_model(model)
    wanted = (sent.get("response_format") or {}).get("type", "text")
    if wanted == "json_object" and "json" not in orjson.dumps(messages).decode().lower():
        raise Refused(
            400, "'messages' must contain the word 'json' in some form, to use 'response_format' of type 'json_object'."
        )
    message = dict(dialect.engine.answer(order, model, messages, as_json=wanted.startswith("json")))
    limit = sent.get("max_completion_tokens") or sent.get("max_tokens")
    content, reason = message.get("content"), "stop"
    if isinstance(limit, int) and isinstance(content, str) and len(content) > limit:
        message["content"], reason = content[:limit], "length"
    elif message.get("tool_calls"):
        reason = "tool_calls"
    head = {
        "id": f"chatcmpl-{secrets.token_hex(12)}",
        "created": int(now),
        "model": model,
        "system_fingerprint": "rehearsal",
    }
    usage = _usage(messages, message)
    if sent.get("stream"):
        counted = usage if (sent.get("stream_options") or {}).get("include_usage") else None
        return Response(_stream(head, message, reason, counted), content_type="text/event-stream")
    choice = {"index": 0, "message": message, "finish_reason": reason, "logprobs": None}
    return reply({**head, "object": "chat.completion", "choices": [choice], "usage": usage})


def _stream(
    head: Mapping[str, Any], message: Mapping[str, Any], reason: str, usage: Mapping[str, int] | None
) -> Iterator[bytes]:
    def chunk(delta: Mapping[str, Any], finish: str | None = None) -> bytes:
        choice = {"index": 0, "delta": delta, "finish_reason": finish}
        return _event({**head, "object": "chat.completion.chunk", "choices": [choice]})

    yield chunk({"role": "assistant", "content": ""})
    content = message.get("content") or ""
    for start in range(0, len(content), _PIECE):
        yield chunk({"content": content[start : start + _PIECE]})
    for index, call in enumerate(message.get("tool_calls") or ()):
        yield chunk({"tool_calls": [{"index": index, **call}]})
    yield chunk({}, reason)
    if usage is not None:
        yield _event({**head, "object": "chat.completion.chunk", "choices": [], "usage": usage})
    yield b"data: [DONE]\n\n"


def _event(data: object) -> bytes:
    return b"data: " + orjson.dumps(data) + b"\n\n"


def _model(name: str, now: float) -> dict[str, Any]:
    return {"id": name, "object": "model", "created": int(now), "owned_by": "rehearsal", "shutdown_date": None}


def _no_model(model: str) -> Refused:
    return Refused(404, f"The model `{model}` does not exist or you do not have access to it.", code="model_not_found")


def _usage(messages: list[Any], message: Mapping[str, Any]) -> dict[str, int]:
    """Characters counted as tokens: enough to show where such figures go, and obviously nobody's bill."""
    asked = sum(len(str(m.get("content") or "")) + 4 for m in messages)
    told = len(str(message.get("content") or "")) + 4
    return {"prompt_tokens": asked, "completion_tokens": told, "total_tokens": asked + told}

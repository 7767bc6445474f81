"""What the fields of one turn say. Every field is named KEY-…, KEY being the turn's key in the form.

`KEY-role`, `KEY-text`, `KEY-reasoning`, `KEY-name`, `KEY-weight`, `KEY-answers` (which call a tool's turn answers) ·
`KEY-calls` names the turn's tool calls in order (their index in the base, or a key of a new one); of each, `KEY-call-C`
are the arguments, `KEY-call-C-name` its tool, `KEY-call-C-remove` takes it away · `KEY-part-N-text`, `-address` and
`-remove` belong to the Nth part of a content that is a list, `KEY-picture` holds addresses of pictures to add.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from typing import Any

from django.http import QueryDict

from datasets_app.core.images import address_of, part_of

from .typed import as_typed, same_line, same_text

Turn = dict[str, Any]
Turns = list[Turn]


def edited_turn(post: QueryDict, key: str, before: Mapping[str, Any]) -> Turn:
    """The turn `before` with what was typed over it."""
    turn = copy.deepcopy(dict(before))
    role = post.get(f"{key}-role", "")
    if role and not same_text(role, turn["role"]):
        turn["role"] = role
    text = post.get(f"{key}-text")
    if text is not None:
        write_text(turn, text)
    _write_parts(post, key, turn)
    _write_details(post, key, turn)
    _write_calls(post, key, turn)
    return turn


def is_filled(post: QueryDict, key: str) -> bool:
    """Whether anything was put into a turn that the form added; else it is left out."""
    calls = [f"{key}-call-{call}" for call in post.getlist(f"{key}-calls")]
    fields = (f"{key}-text", f"{key}-reasoning", *calls, *(f"{call}-name" for call in calls))
    return any(post.get(field, "").strip() for field in fields) or any(post.getlist(f"{key}-picture"))


def new_turn(post: QueryDict, key: str, default_role: str) -> Turn | None:
    """A turn that the form added; None when nothing was filled in."""
    if not is_filled(post, key):
        return None
    text = post.get(f"{key}-text", "")
    turn: Turn = {"role": post.get(f"{key}-role") or default_role, "content": as_typed(text) if text.strip() else None}
    _write_parts(post, key, turn)
    _write_calls(post, key, turn)
    _write_details(post, key, turn)
    if turn["content"] is None and "tool_calls" not in turn:
        turn["content"] = ""
    return turn


def write_text(turn: Turn, text: str) -> None:
    """Put the text into the turn. Content parts are not text; no content at all stays none while nothing is typed."""
    content = turn["content"]
    if isinstance(content, list) or same_text(text, content or ""):
        return
    turn["content"] = as_typed(text)


def weight_text(weight: Any) -> str:
    """A turn's weight as the form shows it; "" where the turn has none."""
    return "" if weight is None else json.dumps(weight)


def new_call_id(key: str) -> str:
    """The id that a tool call added under this key gets, so that a tool's turn can name it at once."""
    return f"call_{key}"


def _write_details(post: QueryDict, key: str, turn: Turn) -> None:
    for field, name, same in (
        ("name", "name", same_line),
        ("answers", "tool_call_id", same_line),
        ("reasoning", "reasoning", same_text),
    ):
        sent = post.get(f"{key}-{field}")
        if sent is not None and not same(sent, turn.get(name) or ""):
            _put(turn, name, as_typed(sent) or None)
    weight = post.get(f"{key}-weight")
    if weight is not None and weight != weight_text(turn.get("weight")):
        _put(turn, "weight", _number(weight))


def _put(turn: Turn, name: str, value: Any) -> None:
    if value is None:
        turn.pop(name, None)
    else:
        turn[name] = value


def _number(text: str) -> int | float | None:
    try:
        number = json.loads(text, parse_constant=lambda _name: None)
    except ValueError:
        return None
    return number if isinstance(number, int | float) and not isinstance(number, bool) else None


def _write_calls(post: QueryDict, key: str, turn: Turn) -> None:
    before = turn.get("tool_calls", [])
    sent = post.getlist(f"{key}-calls") or [str(at) for at in range(len(before))]
    ids = all(call.get("id") is not None for call in before)
    calls = []
    for call_key in sent:
        field = f"{key}-call-{call_key}"
        if post.get(f"{field}-remove"):
            continue
        if call_key.isdecimal() and len(call_key) < 10 and int(call_key) < len(before):
            call = dict(before[int(call_key)])
        elif (post.get(f"{field}-name", "") + post.get(field, "")).strip():
            call = {**({"id": new_call_id(call_key[:40])} if ids else {}), "name": "", "arguments": "{}"}
        else:
            continue
        name, arguments = post.get(f"{field}-name"), post.get(field)
        if name is not None and not same_line(name, call["name"]):
            call["name"] = name
        if arguments is not None and not same_text(arguments, call["arguments"]):
            call["arguments"] = as_typed(arguments)
        calls.append(call)
    if calls:
        turn["tool_calls"] = calls
    else:
        turn.pop("tool_calls", None)


def _write_parts(post: QueryDict, key: str, turn: Turn) -> None:
    parts = turn["content"]
    added = [part_of(address) for address in post.getlist(f"{key}-picture") if address]
    if isinstance(parts, list):
        kept = [
            _part(post, f"{key}-part-{at}", part)
            for at, part in enumerate(parts)
            if not post.get(f"{key}-part-{at}-remove")
        ]
        turn["content"] = _plain([*kept, *added]) if len(kept) < len(parts) else [*kept, *added]
    elif added:
        text = [{"type": "text", "text": parts}] if parts else []
        turn["content"] = [*text, *added]


def _part(post: QueryDict, field: str, part: Any) -> Any:
    text, address = post.get(f"{field}-text"), post.get(f"{field}-address")
    if text is not None and isinstance(part.get("text"), str) and not same_text(text, part["text"]):
        return {**part, "text": as_typed(text)}
    if address and address_of(part) is not None:
        image = part["image_url"]
        return {**part, "image_url": {**image, "url": address} if isinstance(image, dict) else address}
    return part


def _plain(parts: list[Any]) -> Any:
    """Text alone, once its last picture is gone, is text again: any format can carry that."""
    if not parts:
        return ""
    if len(parts) == 1 and parts[0].keys() == {"type", "text"} and parts[0]["type"] == "text":
        return parts[0]["text"]
    return parts

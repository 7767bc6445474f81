"""Values out of answers of any shape: each function takes whatever stands there, and what cannot be used is nothing."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime, tzinfo
from decimal import Decimal, InvalidOperation
from typing import Any
from urllib.parse import quote

from ftstudio.errors import Text
from jobs_app.providers import _wire
from jobs_app.providers.base import NOT_COUNTED, EventIn, Pieces, ProviderError, Reply, Usage

EPOCH = datetime.fromtimestamp(0, UTC)
MOST_TOKENS = 2**63
_LEVELS = {"warn": "warning", "warning": "warning", "iwarning": "warning", "error": "error", "ierror": "error"}


def text(value: object) -> str:
    """A string that is not empty, or ""."""
    return value if isinstance(value, str) else ""


def mapping(value: object) -> Mapping[str, Any]:
    """An object; an empty one for anything else."""
    return value if isinstance(value, Mapping) else {}


def objects(value: object, *keys: str) -> list[dict[str, Any]]:
    """The objects of a list that is the value itself, or stands under the first of `keys` that holds one."""
    found = value
    if isinstance(value, Mapping):
        found = next((value[key] for key in keys if isinstance(value.get(key), list)), None)
    return [item for item in found if isinstance(item, dict)] if isinstance(found, list) else []


def listing(content: bytes, *keys: str) -> list[dict[str, Any]]:
    """The objects of an answer that is a list, or an object that holds one. Raises ProviderError for anything else."""
    try:
        value = _wire.storable(json.loads(content))
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, (dict, list)):
        raise ProviderError(Text("The provider's answer cannot be read."), "unavailable")
    return objects(value, *keys)


def count(value: object) -> int | None:
    """A whole number from 0 on that a column can hold; also one that is written as text, as 64-bit numbers are."""
    if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) < 20:
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < MOST_TOKENS:
        return None
    return value


def money(value: object) -> Decimal | None:
    """An amount from 0 on, from a number or a text."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    try:
        amount = Decimal(str(value)[:40])
    except InvalidOperation:
        return None
    return amount if amount.is_finite() and 0 <= amount < 10**15 else None


def instant(value: object, zone: tzinfo = UTC) -> datetime | None:
    """An aware time from an ISO text (in `zone` where it names none) or from Unix seconds."""
    if not isinstance(value, str):
        return _wire.moment(value)
    try:
        at = datetime.fromisoformat(value.strip()[:40])
        return (at if at.tzinfo else at.replace(tzinfo=zone)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def level(value: object) -> str:
    """Our word for a provider's level of an event: info, warning or error."""
    return _LEVELS.get(text(value).lower().removeprefix("legacy_"), "info")


def digest(*parts: object) -> str:
    """A stable id for what the provider gives none: the same content is the same thing."""
    return hashlib.sha256("\x1f".join(map(str, parts)).encode("utf-8", "replace")).hexdigest()[:32]


def part(value: str) -> str:
    """The value as one part of a path, whatever it holds."""
    return quote(value, safe="", errors="replace")


def oldest_first(entries: Iterable[EventIn]) -> list[EventIn]:
    """A log in its order, in whichever order it is listed; events of one time stay in the order they happened."""
    listed = list(entries)
    if listed and listed[0].at > listed[-1].at:
        listed.reverse()
    return sorted(listed, key=lambda entry: entry.at)


def fresh(entries: Sequence[EventIn], after_event: str | None, have: Collection[str]) -> list[EventIn]:
    """What is new of a whole log in its order. An event that was written late, below the newest known, is new too."""
    last = next((n for n in range(len(entries) - 1, -1, -1) if entries[n].id == after_event), -1)
    begin = max(0, last + 1 - len(have)) if last >= 0 else 0
    return [entry for entry in entries[begin:] if entry.id not in have and entry.id != after_event]


def named(answer: Mapping[str, Any], key: str = "id", *, creating: bool = False) -> str:
    """The id that an answer gives. Raises ProviderError where it gives none: after a create nobody knows then."""
    found = answer.get(key)
    if not isinstance(found, str) or not found or len(found) > 200:
        raise ProviderError(
            Text("The provider's answer names no id."), "unknown-outcome" if creating else "unavailable"
        )
    return found


def reply(answer: Mapping[str, Any]) -> Reply:
    """One answer of a model in the shape of OpenAI's chat API. Raises ProviderError if it holds no choice."""
    choices = objects(answer, "choices")
    if not choices:
        raise ProviderError(Text("The model gave no answer."), "unavailable")
    message, (prompt, completion) = mapping(choices[0].get("message")), usage(answer)
    content = message.get("content")
    if isinstance(content, list):
        content = "".join(text(piece.get("text")) for piece in objects(content))
    return Reply(
        content=content if isinstance(content, str) else None,
        model=text(answer.get("model")),
        finish_reason=text(choices[0].get("finish_reason")) or None,
        refusal=text(message.get("refusal")) or None,
        tool_calls=tuple(objects(message, "tool_calls")),
        prompt_tokens=prompt,
        completion_tokens=completion,
    )


def pieces(lines: Iterable[str]) -> Pieces:
    """The text of an answer that arrives as server-sent events in the shape of OpenAI's chat API.

    Raises ProviderError where the answer breaks off: without its end nobody knows whether it is whole.
    """
    ended, used = False, NOT_COUNTED
    for line in lines:
        if not line.startswith("data:"):
            continue  # comments that keep the connection open, and names of events
        sent = line.removeprefix("data:").strip()
        if sent == "[DONE]":
            return used
        event = _wire.document(sent.encode())
        if event.get("error"):
            raise ProviderError(Text("The answer broke off. {says}", says=_wire.quoted(event, "")), "unavailable")
        used = usage(event) if event.get("usage") else used  # with the last piece, or growing with each
        for choice in objects(event, "choices")[:1]:
            ended = ended or bool(text(choice.get("finish_reason")))
            if piece := text(mapping(choice.get("delta")).get("content")):
                yield piece
    if not ended:
        raise ProviderError(Text("The answer broke off."), "unavailable")
    return used


def usage(answer: Mapping[str, Any]) -> Usage:
    """The tokens that an answer took, as far as its provider counted them."""
    counted = mapping(answer.get("usage"))
    return count(counted.get("prompt_tokens")), count(counted.get("completion_tokens"))


def typed(value: str) -> Any:
    """A setting by the provider's own name, which is kept as text: a number or a truth value where it reads as one."""
    try:
        found = json.loads(value)
    except ValueError:
        return value
    return found if isinstance(found, (int, float)) and found == found and abs(found) < 10**18 else value

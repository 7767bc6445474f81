"""Pictures as `<image>` tags in the text, with a list of addresses beside the turns (LLaMA-Factory's way)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from datasets_app.core import images
from datasets_app.core.jsonl import Json
from datasets_app.core.samples import Message

TAG = "<image>"


def untagged(messages: Sequence[Message], addresses: Json) -> tuple[Message, ...] | None:
    """The turns with a content part for each tag; None when there are not just as many addresses as tags, or pictures
    stand in the turns already."""
    if not isinstance(addresses, list) or not addresses or not all(isinstance(one, str) for one in addresses):
        return None
    tags = sum(message.content.count(TAG) for message in messages if isinstance(message.content, str))
    if tags != len(addresses) or any(_pictured(message) for message in messages):
        return None
    rest: Iterator[str] = iter(addresses)
    return tuple(_apart(message, rest) for message in messages)


def tagged(messages: Iterable[Message]) -> tuple[tuple[Message, ...], list[str]]:
    """(the turns with their content as text, the addresses in the order of the tags)."""
    turns = []
    found: list[str] = []
    for message in messages:
        if isinstance(message.content, list):
            found += [address for part in message.content if (address := images.address_of(part)) is not None]
            message = replace(message, content="".join(map(_text_of, message.content)))
        turns.append(message)
    return tuple(turns), found


def untaggable(messages: Sequence[Message]) -> Iterator[str]:
    """What tags cannot say: parts that would not come apart again, a tag in the text of a row with pictures."""
    pictured = any(isinstance(message.content, list) for message in messages)
    for message in messages:
        if isinstance(message.content, list):
            together, found = tagged((message,))
            whole = together[0].text.count(TAG) == len(found)  # no tag stands in the words themselves
            if not found or not whole or _apart(together[0], iter(found)).content != message.content:
                yield "images" if found else "content"
        elif pictured and TAG in message.text:
            yield "content"


def _apart(message: Message, addresses: Iterator[str]) -> Message:
    if not isinstance(message.content, str) or TAG not in message.content:
        return message
    parts: list[Json] = []
    for at, text in enumerate(message.content.split(TAG)):
        if at:
            parts.append(images.part_of(next(addresses)))
        if text:
            parts.append({"type": "text", "text": text})
    return replace(message, content=parts)


def _pictured(message: Message) -> bool:
    return isinstance(message.content, list) and any(images.address_of(part) is not None for part in message.content)


def _text_of(part: Json) -> str:
    if images.address_of(part) is not None:
        return TAG
    text = part.get("text") if isinstance(part, dict) else None
    return text if isinstance(text, str) else ""

"""What a format cannot carry of a turn, and the turn without that; both follow from its `Dialect`."""

from __future__ import annotations

from collections.abc import Iterator

from datasets_app.core.codecs._dialect import THINK, Dialect
from datasets_app.core.codecs._parts import lost_part
from datasets_app.core.codecs._thinking import comes_apart
from datasets_app.core.codecs._wire import is_plain
from datasets_app.core.codecs.base import RESERVED, CodecError, remembered
from datasets_app.core.jsonl import Json
from datasets_app.core.samples import Message
from ftstudio.errors import Text


def lost(message: Message, dialect: Dialect, *, last: bool = False) -> Iterator[str]:
    """The names of what the format cannot carry of a turn; `last`: of the last one, whose reasoning THINK can write."""
    known = not dialect.roles or message.role in dialect.roles
    if known and not message.extras and type(message.content) is str and is_plain(message):
        return
    yield from (key for key, value in message.extras.items() if not _rides(key, value, message, dialect))
    if not known:
        yield "role"
    if isinstance(message.content, list):
        yield from (name for part in message.content if (name := lost_part(part, dialect)))
        if not message.content and not dialect.images:
            yield "content"
    elif message.content is None and not dialect.tools:
        yield "content"
    if message.name is not None and not dialect.names:
        yield "name"
    if not dialect.tools:
        yield from (key for key in ("tool_call_id", "tool_calls") if getattr(message, key) not in (None, ()))
    if message.weight is not None and not _can_weigh(message, dialect):
        yield "weight"
    if message.reasoning is not None and not _can_reason(message, dialect, last):
        yield "reasoning_content"


def reduced(message: Message, dialect: Dialect, path: str = "", *, last: bool = False) -> Message:
    """The turn without what `lost` names. Raises `CodecError` when no turn is left of it."""
    fields = tuple(dict.fromkeys(lost(message, dialect, last=last)))
    if not fields:
        return message
    if "role" in fields:
        raise CodecError(
            "role-unknown",
            Text("A turn of the role “{role}” has no place in the format.", role=message.role or "?"),
            path,
            fields,
        )
    content = message.content
    if isinstance(content, list):
        parts = [part for part in content if not lost_part(part, dialect)]
        content = parts if dialect.images else message.text or None
    kept = Message(
        role=message.role,
        content=content,
        name=message.name if dialect.names else None,
        tool_calls=message.tool_calls if dialect.tools else (),
        tool_call_id=message.tool_call_id if dialect.tools else None,
        reasoning=message.reasoning if "reasoning_content" not in fields else None,
        weight=message.weight if "weight" not in fields else None,
        extras={key: value for key, value in message.extras.items() if _rides(key, value, message, dialect)},
    )
    if (kept.content is None and not dialect.tools) or kept.content == []:
        raise CodecError(
            "content-missing", Text("Nothing that the format can carry is left of this turn."), path, fields
        )
    return kept


def _rides(key: str, value: Json, message: Message, dialect: Dialect) -> bool:
    """Whether an extra key is written and read back as one."""
    if key in RESERVED:
        return True
    if key not in dialect.known:
        return dialect.others
    if key == "content":
        return False
    attribute = "weight" if key == dialect.weight else {"reasoning_content": "reasoning"}.get(key, key)
    free = not message.role if key == "role" else getattr(message, attribute) in (None, ())
    return free and dialect.others and not dialect.can_hold(key, value)


def _can_weigh(message: Message, dialect: Dialect) -> bool:
    weight = message.weight
    if not dialect.weight or weight is None:
        return False
    return dialect.weights(weight) or remembered(message.extras).get("weight") == weight


def _can_reason(message: Message, dialect: Dialect, last: bool) -> bool:
    if dialect.reasoning != THINK:
        return bool(dialect.reasoning)
    return last and message.role == "assistant" and comes_apart(message)

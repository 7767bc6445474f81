"""What differs between two contents of a sample, turn by turn and field by field."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Literal

from .diffs import Op, diff
from .samples import Message, Sample

Part = Literal["tools", "rejected", "messages"]


@dataclass(frozen=True, slots=True)
class Change:
    """One field of one turn: `field` is content, reasoning, name, weight, role, other (the keys that no field of ours
    is for) or the name of a tool that is called. Equal fields have one equal step; only content is listed when equal.
    """

    part: Part
    role: str
    field: str
    ops: tuple[Op, ...]

    @property
    def differs(self) -> bool:
        return any(op.kind != "equal" for op in self.ops)


def changes(old: Sample, new: Sample) -> list[Change]:
    """From `old` to `new`: the declared tools, the rejected answer, the turns. Turns put in or taken out do not shift
    the others: equal ones are found first, and what lies between them is compared in order."""
    found = []
    if old.tools != new.tools:
        found.append(Change("tools", "", "content", tuple(diff(_json(old.tools), _json(new.tools)))))
    for part, was, now in (("rejected", old.rejected, new.rejected), ("messages", old.messages, new.messages)):
        for one, other in aligned(was, now):
            found += _turn(part, one, other)  # type: ignore[arg-type]
    return found


def aligned(old: Sequence[Message], new: Sequence[Message]) -> Iterator[tuple[Message | None, Message | None]]:
    """The turns of both side by side, None where one has none."""
    was, now = ([repr(message) for message in side] for side in (old, new))
    for _tag, a, b, c, d in SequenceMatcher(None, was, now, autojunk=False).get_opcodes():
        for at in range(max(b - a, d - c)):
            yield (old[a + at] if a + at < b else None), (new[c + at] if c + at < d else None)


def _turn(part: Part, old: Message | None, new: Message | None) -> Iterator[Change]:
    there = new or old
    if there is None:
        return
    was, now = fields_of(old), fields_of(new)
    for field in dict.fromkeys((*now, *was)):
        before, after = was.get(field, ""), now.get(field, "")
        if field == "role" and (old is None or new is None):
            continue  # the whole turn is new or gone
        if before != after or field == "content":
            yield Change(part, there.role, field, tuple(diff(before, after)))


def fields_of(message: Message | None) -> dict[str, str]:
    """The fields of a turn as texts; none of no turn."""
    if message is None:
        return {}
    content = message.content
    texts = {
        "content": content if isinstance(content, str) else "" if content is None else _json(content),
        "reasoning": message.reasoning or "",
        "name": message.name or "",
        "weight": "" if message.weight is None else str(message.weight),
        "role": message.role,
        "other": _json(message.extras) if message.extras else "",
    }
    for nth, call in enumerate(message.tool_calls, start=1):
        name = call.name if call.name not in texts else f"{call.name}()"
        texts[name if name not in texts else f"{name} #{nth}"] = call.arguments
    return texts


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, indent=1, default=str)

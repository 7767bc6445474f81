"""What two snapshots differ in: which samples came, went, changed their content or their side; and what changed."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from datasets_app.core import images
from datasets_app.core.diffs import Op, by_words, diff
from datasets_app.core.revision_diff import aligned, fields_of
from datasets_app.core.samples import Message, Sample

KINDS = ("added", "removed", "changed", "moved")
_LONGEST = 80  # characters of the address of a picture; a data URI has millions

# What is frozen beside the samples, by the names of the fields of a snapshot.
SETTINGS = (
    "contract", "guideline", "system_prompt", "contrast_template", "profile", "rule_set_version", "shares", "seed",
    "group_by", "stratify_by", "mix", "filter",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Turn:
    """Something of a turn that is not the same in both, and the steps between: its `role`, whether it is the rejected
    answer, and the `field`: content, images, or as `revision_diff` names them. Of the sample as a whole (role "") it is
    tools, or other for the keys that no field of ours is for."""

    role: str
    rejected: bool
    ops: list[Op]
    field: str = "content"

    @property
    def text(self) -> str:
        return "".join(op.text for op in self.ops if op.kind != "delete")


@dataclass(frozen=True, slots=True)
class Setting:
    """Something that both snapshots froze, each in its own way."""

    name: str
    ops: list[Op]


def turns(before: Sample, after: Sample) -> list[Turn]:
    """What differs, in order, the rejected answer last. A turn that only one has is whole, and shifts no other."""
    found = [] if before.tools == after.tools else [Turn("", False, _steps(before.tools, after.tools), "tools")]
    found += _differing(before.messages, after.messages, False)
    found += _differing(before.rejected, after.rejected, True)
    if before.extras != after.extras:
        found.append(Turn("", False, _steps(dict(before.extras), dict(after.extras)), "other"))
    return found


def settings(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Setting]:
    """Which of `SETTINGS` differ, and how: texts as they are, everything else as JSON."""
    return [Setting(name, _steps(before[name], after[name])) for name in SETTINGS if before[name] != after[name]]


def _steps(before: Any, after: Any) -> list[Op]:
    """Of texts as readers see them; of other values as JSON, in which no number is cut."""
    if isinstance(before, str) and isinstance(after, str):
        return diff(before, after)
    return by_words(*(json.dumps(one, ensure_ascii=False, indent=1) for one in (before, after)))


def _differing(before: Sequence[Message], after: Sequence[Message], rejected: bool) -> Iterator[Turn]:
    for one, other in aligned(before, after):
        if one is not None and other is not None and one.role != other.role:
            yield from _changed(one, None, rejected)
            yield from _changed(None, other, rejected)
        elif one != other:
            yield from _changed(one, other, rejected)


def _changed(one: Message | None, other: Message | None, rejected: bool) -> Iterator[Turn]:
    there = other or one
    if there is None:
        return
    was, now = _fields(one), _fields(other)
    found = [name for name in dict.fromkeys((*now, *was)) if was.get(name, "") != now.get(name, "")]
    for name in found or ["content"]:  # a turn without a text came, or the id of a call is another
        yield Turn(there.role, rejected, diff(was.get(name, ""), now.get(name, "")), name)


def _fields(message: Message | None) -> dict[str, str]:
    if message is None:
        return {}
    found = {**fields_of(message), "content": message.text}
    del found["role"]
    if isinstance(message.content, list):
        addresses = filter(None, map(images.address_of, message.content))
        found["images"] = "\n".join(address[:_LONGEST] for address in addresses)
    return found

"""A JSON text with one change made to it: what the change is not about keeps its bytes, spacing and order.

What is new is written as its neighbours are: on lines of its own where they are, with their indent and their spaces.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

from datasets_app.core.forms.spans import Node, find, split

_NUMBER = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?")
_FIRST = re.compile(r"[\[{](\s*)[^\s\]}]")
_COLON = re.compile(r'"(\s*:\s*)')


def quoted(text: str) -> str:
    """A text as JSON writes it, nothing escaped that need not be."""
    return json.dumps(text, ensure_ascii=False).encode("utf-8", "backslashreplace").decode()


def is_number(text: str) -> bool:
    """Whether JSON would take the text for a number."""
    return _NUMBER.fullmatch(text) is not None


def replaced(text: str, node: Node, written: str) -> str:
    """Another value in the place of one."""
    return text[: node.start] + written + text[node.end :]


def with_member(text: str, holder: Node, key: str, value: Any, order: Sequence[str] = ()) -> str:
    """A new member of an object, behind the last of those that come before it in `order`, else at the end.

    A value that is a `Raw` stands as it is written.
    """
    before = order[: order.index(key)] if key in order else [member.key for member in holder.members]
    at = max((at + 1 for at, member in enumerate(holder.members) if member.key in before), default=0)
    lead = quoted(key) + _colon_of(text, holder)
    return _with_part(text, holder, at, lead, value)


def with_item(text: str, holder: Node, value: Any) -> str:
    """A new item at the end of an array."""
    return _with_part(text, holder, len(holder.items), "", value)


def without(text: str, root: Node, pointer: str) -> str:
    """The text without one member or item, and without the comma that it needed."""
    parent, _last = split(pointer)
    holder = find(root, parent)
    target = find(root, pointer)
    if holder is None or target is None or not pointer:
        return text
    at = [end for _start, end in holder.parts].index(target.end)
    parts = holder.parts
    if len(parts) == 1:
        return text[: holder.start + 1] + text[holder.end - 1 :]
    if at + 1 < len(parts):
        return text[: parts[at][0]] + text[parts[at + 1][0] :]
    return text[: parts[at - 1][1]] + text[parts[at][1] :]


def swapped(text: str, holder: Node, at: int, by: int) -> str:
    """Two neighbouring items changed places; what stands between them stays."""
    one, two = sorted((at, at + by))
    if one < 0 or two >= len(holder.items):
        return text
    (a, b), (c, d) = holder.parts[one], holder.parts[two]
    return text[:a] + text[c:d] + text[b:c] + text[a:b] + text[d:]


class Raw(str):
    """JSON text that stands as it is written."""

    __slots__ = ()


def dumped(value: Any, indent: str | None = None, margin: str = "", colon: str = ": ") -> str:
    """A value as JSON: on one line, or on several with `indent` where the first line begins at `margin`."""
    if isinstance(value, Raw):
        return value
    if isinstance(value, dict) and value:
        inner = [
            f"{quoted(key)}{colon}{dumped(one, indent, margin + (indent or ''), colon)}" for key, one in value.items()
        ]
        return _held("{", inner, "}", indent, margin)
    if isinstance(value, list) and value:
        return _held("[", [dumped(one, indent, margin + (indent or ""), colon) for one in value], "]", indent, margin)
    return quoted(value) if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def indent_of(text: str) -> str | None:
    """By how much the text goes in on a new line; None when it is written on one line."""
    first = _FIRST.search(text)
    if first is None or "\n" not in first[1]:
        return None
    return first[1].rpartition("\n")[2] or None


def _with_part(text: str, holder: Node, at: int, lead: str, value: Any) -> str:
    parts = holder.parts
    indent = indent_of(text)
    colon = _colon_of(text, holder)
    if not parts:
        margin = margin_of(text, holder.start)
        inner = margin + (indent or "")
        written = lead + dumped(value, indent, inner, colon)
        between = f"\n{inner}" if indent else ""
        closing = f"\n{margin}" if indent else ""
        return text[: holder.start + 1] + between + written + closing + text[holder.end - 1 :]
    gap = text[holder.start + 1 : parts[0][0]]
    on_lines = "\n" in gap
    comma = f",{gap}" if on_lines else text[parts[0][1] : parts[1][0]] if len(parts) > 1 else ", "
    margin = gap.rpartition("\n")[2] if on_lines else ""
    written = lead + dumped(value, indent if on_lines else None, margin, colon)
    if at == 0:
        return text[: parts[0][0]] + written + comma + text[parts[0][0] :]
    end = parts[at - 1][1]
    return text[:end] + comma + written + text[end:]


def _colon_of(text: str, holder: Node) -> str:
    if holder.members:
        first = holder.members[0]
        return text[first.end : first.node.start]
    found = _COLON.search(text)
    return found[1] if found else ": "


def margin_of(text: str, at: int) -> str:
    """The white space that the line begins with in which a place of the text stands."""
    line = text[text.rfind("\n", 0, at) + 1 : at]
    return line[: len(line) - len(line.lstrip())]


def _held(opening: str, inner: list[str], closing: str, indent: str | None, margin: str) -> str:
    if indent is None:
        return opening + ", ".join(inner) + closing
    lines = f",\n{margin}{indent}".join(inner)
    return f"{opening}\n{margin}{indent}{lines}\n{margin}{closing}"

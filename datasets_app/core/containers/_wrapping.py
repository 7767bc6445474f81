"""Which array of a JSON object holds the rows of a training file: told by names of keys at its beginning."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_NAMES = frozenset((
    "data", "dataset", "datasets", "rows", "records", "items", "samples", "examples", "instances", "entries", "results",
    "train", "training", "validation", "valid", "dev", "eval", "test", "数据", "样本", "训练集", "验证集", "测试集",
))  # fmt: skip
_OF_ROWS = frozenset((
    "messages", "conversations", "conversation", "instruction", "prompt", "question", "query", "input", "output",
    "completion", "chosen", "rejected", "answer", "response", "问题", "答案", "回答",
))  # fmt: skip
_OF_TURNS = frozenset(("role", "from"))
_STRING = rb'"([^"\\]*+(?:\\.[^"\\]*+)*+)'
# One that is cut goes to the end: its escaped quotation marks begin no others.
_TOKEN = re.compile(_STRING + rb'(?:"[ \t\r\n]*+(:?)|\\?\Z)|[\[\]{}]', re.DOTALL)
_MEMBER = re.compile(rb"[ \t\r\n,]*+" + _STRING + rb'"[ \t\r\n]*+:[ \t\r\n]*+', re.DOTALL)
_ARRAY = re.compile(rb"[ \t\r\n]*+\[[ \t\r\n]*+\{")
_ELEMENT = 1 << 14  # bytes of an element in which its keys are looked for


@dataclass(frozen=True, slots=True)
class Member:
    """A key of an object: where it starts, where its value does, and the bytes in which it stands."""

    name: str
    start: int
    value: int
    data: bytes


def holds_rows(text: bytes) -> bool:
    """Whether the object that the text begins with is no row itself and one of its keys is an array of rows."""
    members = list(_members(text, 1))
    if any(map(_is_row, members)):
        return False
    return any(array_at(one) is not None for one in members)


def begins_member(data: bytes) -> Member | None:
    """The member that the bytes begin with, a comma before it or not."""
    found = _MEMBER.match(data)
    return Member(_text(found[1]), found.start(1) - 1, found.end(), data) if found else None


def array_at(member: Member) -> int | None:
    """Where the first row stands in the member's array of rows; None for any other member."""
    found = _ARRAY.match(member.data, member.value)
    if found is None:
        return None
    keys = _keys_at(member, found.end())
    if keys & _OF_TURNS or not (member.name.casefold() in _NAMES or keys & _OF_ROWS):
        return None
    return found.end() - 1


def _is_row(member: Member) -> bool:
    """Whether what has this member is a row: a text of one, or the turns."""
    found = _ARRAY.match(member.data, member.value)
    return member.name in _OF_ROWS and (found is None or bool(_keys_at(member, found.end()) & _OF_TURNS))


def _keys_at(member: Member, at: int) -> set[str]:
    """The keys of the object whose bracket stands before `at`."""
    return {one.name for one in _members(member.data[: at + _ELEMENT], at)}


def _members(data: bytes, at: int) -> Iterator[Member]:
    """The members of the object whose bracket stands before `at`, as far as the bytes go."""
    depth = 0
    for token in _TOKEN.finditer(data, at):
        mark = token[0]
        if mark in (b"{", b"["):
            depth += 1
        elif mark in (b"}", b"]"):
            if not depth:
                return
            depth -= 1
        elif token[2] and not depth:
            yield Member(_text(token[1]), token.start(), token.end(), data)


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "replace")

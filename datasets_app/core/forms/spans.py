"""A JSON text taken apart with the place of every value in it, so that one value can be rewritten and nothing else."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from datasets_app.core.answers import unfenced
from datasets_app.core.jsonl import Json, parse_value

Kind = Literal["object", "array", "string", "number", "boolean", "null"]

_TOKEN = re.compile(r'[ \t\r\n]*("(?:[^"\\]|\\.)*"|[\[\]{}:,]|[^\s\[\]{}:,"]+)', re.DOTALL)
_WORDS: dict[str, Kind] = {"true": "boolean", "false": "boolean", "null": "null"}


@dataclass(frozen=True, slots=True)
class Node:
    """One value: `text[start:end]` writes it. Offsets count code points of the whole text."""

    kind: Kind
    start: int
    end: int
    members: tuple[Member, ...] = ()
    items: tuple[Node, ...] = ()

    def member(self, key: str) -> Member | None:
        return next((member for member in self.members if member.key == key), None)

    @property
    def parts(self) -> tuple[tuple[int, int], ...]:
        """(start, end) of every member, from its key on, or of every item."""
        if self.members:
            return tuple((member.start, member.node.end) for member in self.members)
        return tuple((item.start, item.end) for item in self.items)


@dataclass(frozen=True, slots=True)
class Member:
    """A key, which begins at `start` and ends at `end`, and its value."""

    key: str
    start: int
    end: int
    node: Node


def read(text: str) -> tuple[Node, Json]:
    """The value that a text writes, bare or inside a Markdown fence, with its places and as data.

    Raises `LineError` as the rules do: what they cannot read has no form either.
    """
    inner = unfenced(text)
    value = parse_value(inner.encode("utf-8", "surrogatepass"))
    offset = 0 if inner is text else text.index(inner, text.index("\n"))
    tokens = _TOKEN.finditer(text, offset)
    return _value(next(tokens), tokens), value


def find(root: Node, pointer: str) -> Node | None:
    """The value at a JSON Pointer, None where there is none."""
    node: Node | None = root
    for part in parts_of(pointer):
        if node is None:
            return None
        if node.kind == "array":
            at = int(part) if part.isdecimal() and len(part) < 8 else len(node.items)
            node = node.items[at] if at < len(node.items) else None
        else:
            member = node.member(part)
            node = member.node if member else None
    return node


def parts_of(pointer: str) -> list[str]:
    """The keys and places that a JSON Pointer names."""
    return [part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:]]


def below(pointer: str, part: str | int) -> str:
    """The pointer one step further down."""
    return f"{pointer}/{escaped(str(part))}"


def escaped(part: str) -> str:
    """A key as a JSON Pointer writes it."""
    return part.replace("~", "~0").replace("/", "~1")


def split(pointer: str) -> tuple[str, str]:
    """(the pointer of what holds it, the last key or place)."""
    parent, _, last = pointer.rpartition("/")
    return parent, last.replace("~1", "/").replace("~0", "~")


def _value(token: re.Match[str], tokens: Iterator[re.Match[str]]) -> Node:
    said = token[1]
    start = token.start(1)
    if said == "{":
        members = []
        while (key := next(tokens))[1] != "}":
            if key[1] == ",":
                key = next(tokens)
            next(tokens)
            members.append(Member(json.loads(key[1]), key.start(1), key.end(1), _value(next(tokens), tokens)))
        return Node("object", start, key.end(1), members=tuple(members))
    if said == "[":
        items = []
        while (item := next(tokens))[1] != "]":
            items.append(_value(next(tokens) if item[1] == "," else item, tokens))
        return Node("array", start, item.end(1), items=tuple(items))
    kind: Kind = "string" if said[0] == '"' else _WORDS.get(said, "number")
    return Node(kind, start, token.end(1))

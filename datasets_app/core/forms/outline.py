"""A JSON Schema as a form needs it: references followed, combined schemas made one, and which branch a value takes."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any
from urllib.parse import quote, unquote

import jsonschema_rs

from datasets_app.core.forms.spans import escaped
from datasets_app.core.jsonl import MAX_DEPTH, Json

_ROOT = "urn:ftstudio:root"
_SHAPING = frozenset((
    "type", "properties", "items", "prefixItems", "enum", "const", "$ref", "$dynamicRef", "allOf", "oneOf", "anyOf",
    "additionalProperties", "patternProperties", "format", "title",
))  # fmt: skip
ABSENT: Any = object()  # no value at all, which is not null
Node = Mapping[str, Json]


class Outline:
    """One schema. Nodes are dictionaries inside it, or ones that `merged` makes of several of them."""

    def __init__(self, schema: Node) -> None:
        self.root = schema
        self._pointers: dict[int, str] = {}
        self._anchors: dict[str, Node] = {}
        self._validators: dict[int, Any] = {}
        self._survey(schema, "", 0)

    def merged(self, node: Json, value: Json = ABSENT) -> dict[str, Json]:
        """The node with what it refers to, with all of `allOf`, and with what holds under the conditions it names.

        A node that is no dictionary (true, nothing) describes nothing: {}.
        """
        return self._merged(node, value, 0)

    def fits(self, node: Json, value: Json) -> bool:
        """Whether the value keeps a node of the schema as it stands there."""
        return not isinstance(node, dict) or bool(self._validator(node).is_valid(value))

    def errors(self, node: Json, value: Json) -> Iterator[Any]:
        """What the engine says against the value, by the node alone."""
        return iter(self._validator(node).iter_errors(value))

    def branches(self, node: Node) -> list[Json]:
        """The alternatives of a merged node that make a difference to its form."""
        found = node.get("oneOf") or node.get("anyOf") or []
        shaping = [branch for branch in found if isinstance(branch, dict) and not _SHAPING.isdisjoint(branch)]
        return shaping if len(shaping) == len(found) else []

    def branch_of(self, branches: Sequence[Json], value: Json) -> int:
        """Which alternative a value takes: the first that it keeps, else the one that it is closest to."""
        if value is ABSENT:
            return 0
        for at, branch in enumerate(branches):
            if self.fits(branch, value):
                return at
        scores = [self._closeness(self.merged(branch), value) for branch in branches]
        return scores.index(max(scores))

    def _merged(self, node: Json, value: Json, depth: int) -> dict[str, Json]:
        if not isinstance(node, dict) or depth > MAX_DEPTH:
            return {}
        made = {
            key: one for key, one in node.items() if key not in ("$ref", "$dynamicRef", "allOf", "if", "then", "else")
        }
        further = [self._target(node[key]) for key in ("$ref", "$dynamicRef") if isinstance(node.get(key), str)]
        further += node.get("allOf", [])
        if isinstance(node.get("if"), dict | bool) and value is not ABSENT:
            further.append(node.get("then" if self._holds(node["if"], value) else "else"))
        if isinstance(value, dict):
            further += [one for key, one in node.get("dependentSchemas", {}).items() if key in value]
        for other in further:
            made = _joined(made, self._merged(other, value, depth + 1))
        return made

    def _holds(self, condition: Json, value: Json) -> bool:
        return condition if isinstance(condition, bool) else self.fits(condition, value)

    def _closeness(self, node: Node, value: Json) -> int:
        if not isinstance(value, dict):
            types = node.get("type", [])
            return int(kind_of(value) in ([types] if isinstance(types, str) else types))
        properties = node.get("properties")
        if not isinstance(properties, dict):
            return int(node.get("type") == "object")
        score = 1 + sum(key in properties for key in value) - sum(key not in value for key in node.get("required", []))
        for key, one in properties.items():
            told = self.merged(one)
            if "const" in told and key in value:
                score += 100 if told["const"] == value[key] else -100
        return score

    def _validator(self, node: Node) -> Any:
        if id(node) not in self._validators:
            pointer = self._pointers[id(node)]
            home = self.root.get("$id", _ROOT)
            whole = {**self.root, "$id": home}
            schema = {"$ref": f"{home}#{pointer}", "$defs": {"root": whole}}
            self._validators[id(node)] = jsonschema_rs.Draft202012Validator(schema, validate_formats=True)
        return self._validators[id(node)]

    def _target(self, reference: str) -> Json:
        inside = unquote(reference.partition("#")[2])
        if inside and not inside.startswith("/"):
            return self._anchors.get(inside)
        target: Json = self.root
        for part in inside.split("/")[1:]:
            key = part.replace("~1", "/").replace("~0", "~")
            if isinstance(target, dict):
                target = target.get(key)
            elif isinstance(target, list) and key.isdecimal() and int(key) < len(target):
                target = target[int(key)]
            else:
                return None
        return target

    def _survey(self, node: Json, pointer: str, depth: int) -> None:
        if depth > 2 * MAX_DEPTH:
            return
        if isinstance(node, dict):
            self._pointers[id(node)] = pointer
            for name in ("$anchor", "$dynamicAnchor"):
                if isinstance(node.get(name), str):
                    self._anchors[node[name]] = node
            for key, value in node.items():
                self._survey(value, f"{pointer}/{quote(escaped(key), safe='~')}", depth + 1)
        elif isinstance(node, list):
            for at, value in enumerate(node):
                self._survey(value, f"{pointer}/{at}", depth + 1)


def outline(schema: Node) -> Outline:
    """The outline of a schema, made once as long as the schema stays the same."""
    return _outline(json.dumps(schema, ensure_ascii=False))


@lru_cache(maxsize=32)
def _outline(text: str) -> Outline:
    return Outline(json.loads(text))


@lru_cache(maxsize=256)
def matches(pattern: str, key: str) -> bool:
    """Whether a key is meant by one of `patternProperties` (ECMA-262, as the engine reads it)."""
    return bool(jsonschema_rs.Draft202012Validator({"type": "string", "pattern": pattern}).is_valid(key))


def kind_of(value: Json) -> str:
    """The name that JSON Schema has for the kind of a value."""
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int):
        return "integer"
    names = {str: "string", float: "number", dict: "object", list: "array"}
    return names.get(type(value), "null")


def _joined(one: dict[str, Json], two: dict[str, Json]) -> dict[str, Json]:
    made = {**two, **one}
    if "properties" in one and "properties" in two:
        made["properties"] = dict(one["properties"])
        for key, node in two["properties"].items():
            made["properties"][key] = {"allOf": [one["properties"][key], node]} if key in one["properties"] else node
    if "required" in one and "required" in two:
        made["required"] = list(dict.fromkeys((*one["required"], *two["required"])))
    for key in ("additionalProperties", "unevaluatedProperties"):
        if one.get(key) is False or two.get(key) is False:
            made[key] = False
    return made

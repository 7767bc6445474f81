"""The form of a JSON text under a schema. The text is the truth: what the schema does not foresee is shown as well."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from datasets_app.core.forms.blanks import is_null, kind_wanted, kinds_of
from datasets_app.core.forms.fields import Field, Form, Option, Widget
from datasets_app.core.forms.outline import ABSENT, Outline, kind_of, matches, outline
from datasets_app.core.forms.spans import Node, below, read
from datasets_app.core.forms.writing import is_number, quoted
from datasets_app.core.jsonl import Json
from datasets_app.core.strict_json import LineError
from ftstudio.errors import Text

LONG = 60  # characters; a longer text gets room for several lines
_WIDGETS: Mapping[str, Widget] = {
    "object": "object", "array": "array", "string": "text",
    "number": "number", "integer": "number", "boolean": "boolean",
}  # fmt: skip
_BRANCH = Text("form {n}")


def form_of(schema: Mapping[str, Json], text: str) -> Form:
    """The form of `text`; of an empty text the form in which everything is still to be given."""
    told = outline(schema)
    if not text.strip():
        return Form(text, _Building(told, text).field(told.root, "", "", None, ABSENT))
    try:
        node, value = read(text)
    except LineError as error:
        return Form(text, problem=error)
    return Form(text, _Building(told, text).field(told.root, "", "", node, value))


def schema_of_key(told: Mapping[str, Json], key: str) -> Json:
    """What a merged schema says of a key of its object; False where it may not stand, True where nothing is said."""
    if key in told.get("properties", {}):
        return told["properties"][key]
    for pattern, schema in told.get("patternProperties", {}).items():
        if matches(pattern, key):
            return schema
    return told.get("additionalProperties", told.get("unevaluatedProperties", True))


def schema_of_item(told: Mapping[str, Json], at: int) -> Json:
    """The same of an item of its array."""
    first = told.get("prefixItems", [])
    return first[at] if at < len(first) else told.get("items", True)


class _Building:
    def __init__(self, told: Outline, text: str) -> None:
        self.told = told
        self.text = text

    def field(self, schema: Json, path: str, key: str, node: Node | None, value: Json, **more: Any) -> Field:
        told = self.told.merged(schema, value)
        nullable = "null" in _types(told) or told.get("const", 0) is None or None in told.get("enum", [])
        branches = self.told.branches(told)
        shaped = [branch for branch in branches if not is_null(self.told.merged(branch))]
        nullable = nullable or len(shaped) < len(branches)
        names: tuple[str, ...] = ()
        branch = 0
        if shaped and (options := self._constants(shaped)):
            told = {**told, "enum": [option[0] for option in options], "$labels": [option[1] for option in options]}
        elif shaped:
            named = {key: told.get(key, "") for key in ("title", "description")} if len(shaped) > 1 else {}
            branch = self.told.branch_of(shaped, value)
            names = tuple(self._name(one, at) for at, one in enumerate(shaped)) if len(shaped) > 1 else ()
            told = {**_under(told, self.told.merged({"allOf": [shaped[branch]]}, value)), **named}
            nullable = nullable or "null" in _types(told)
        elif "enum" not in told and len(kinds := kinds_of(told)) > 1:
            branch = _kind_at(kinds, value)
            names = tuple(kinds)
            told = {**told, "type": kinds[branch]}
        made = Field(
            path=path,
            key=key,
            widget="any",
            label=str(told.get("title") or key),
            description=str(told.get("description") or ""),
            node=node,
            null=node is not None and node.kind == "null",
            nullable=nullable,
            format=str(told.get("format") or ""),
            branches=names,
            branch=branch,
            schema=schema,
            told=told,
            **more,
        )
        return self._filled(made, told, value)

    def _filled(self, made: Field, told: dict[str, Json], value: Json) -> Field:
        node = made.node
        if "enum" in told or "const" in told:
            return self._choice(made, told)
        wanted = kind_wanted(told)
        if not wanted and value is not ABSENT:
            wanted = kind_of(value)
        widget = _WIDGETS.get(wanted, "any" if value is not ABSENT else "text")
        if node is not None and not made.null:
            held = node.kind in ("object", "array")
            if (held or widget in ("object", "array")) and node.kind != widget:
                return replace(made, widget="any", value=self._source(node), long=True)
        made = replace(made, widget=widget, value=self._value(node, widget))
        if widget == "object":
            return self._object(made, told, value)
        if widget == "array":
            return self._array(made, told, value)
        if widget == "boolean":
            options = [Option("true", "true"), Option("false", "false")]
            return replace(made, options=tuple(_with_other(options, made)))
        long = widget == "text" and (len(made.value) > LONG or "\n" in made.value or "\r" in made.value)
        return replace(made, long=long or widget == "any", offer=_offer(node, widget, made.value))

    def _choice(self, made: Field, told: dict[str, Json]) -> Field:
        allowed = told["enum"] if "enum" in told else [told["const"]]
        labels = told.get("$labels") or [
            one if isinstance(one, str) else json.dumps(one, ensure_ascii=False) for one in allowed
        ]
        options = [Option(_json(one), label) for one, label in zip(allowed, labels, strict=True) if one is not None]
        value = self._source(made.node) if made.node else ""
        if made.node and made.node.kind == "string":
            value = quoted(json.loads(value))
        made = replace(made, widget="choice", value=value)
        return replace(made, options=tuple(_with_other(options, made)))

    def _object(self, made: Field, told: dict[str, Json], value: Json) -> Field:
        if made.null or made.node is None:
            return made
        properties = told.get("properties", {})
        required = told.get("required", [])
        fields = []
        for key, schema in properties.items():
            member = made.node.member(key)
            fields.append(
                self.field(
                    schema, below(made.path, key), key, member.node if member else None,
                    value[key] if member else ABSENT, required=key in required, removable=member is not None,
                )
            )  # fmt: skip
        for member in made.node.members:
            if member.key not in properties:
                schema = schema_of_key(told, member.key)
                fields.append(
                    self.field(
                        True if schema is False else schema, below(made.path, member.key), member.key,
                        member.node, value[member.key], unknown=schema is False, removable=True,
                    )
                )  # fmt: skip
        further = told.get("additionalProperties")
        open_ended = further is True or isinstance(further, dict) or "patternProperties" in told
        grows = open_ended or (not properties and further is not False)
        return replace(made, fields=tuple(fields), grows=grows)

    def _array(self, made: Field, told: dict[str, Json], value: Json) -> Field:
        if made.null or made.node is None:
            return made
        first = told.get("prefixItems", [])
        rest = told.get("items", True)
        fields = tuple(
            self.field(
                schema_of_item(told, at), below(made.path, at), str(at), node, value[at],
                item=True, removable=True, unknown=schema_of_item(told, at) is False,
            )
            for at, node in enumerate(made.node.items)
        )  # fmt: skip
        return replace(made, fields=fields, grows=rest is not False or len(fields) < len(first))

    def _constants(self, branches: list[Json]) -> list[tuple[Json, str]]:
        """(value, label) for each branch, where every branch is one value: a closed set that is spelled out."""
        found = []
        for branch in branches:
            told = self.told.merged(branch)
            if "const" not in told:
                return []
            found.append((told["const"], str(told.get("title") or _plain(told["const"]))))
        return found

    def _name(self, branch: Json, at: int) -> str:
        told = self.told.merged(branch)
        if told.get("title"):
            return str(told["title"])
        for key, one in told.get("properties", {}).items():
            inner = self.told.merged(one)
            if "const" in inner:
                return f"{key}: {_plain(inner['const'])}"
        kind = kind_wanted(told)
        return kind if kind and kind != "object" else Text(_BRANCH.template, n=at + 1)

    def _source(self, node: Node) -> str:
        return self.text[node.start : node.end]

    def _value(self, node: Node | None, widget: Widget) -> str:
        if node is None or node.kind in ("object", "array"):
            return ""
        source = self._source(node)
        if widget in ("boolean", "any"):
            return source
        if node.kind == "null":
            return ""
        return str(json.loads(source)) if node.kind == "string" else source


def _types(told: Mapping[str, Json]) -> list[str]:
    types = told.get("type", [])
    return [types] if isinstance(types, str) else list(types)


def _under(base: dict[str, Json], branch: dict[str, Json]) -> dict[str, Json]:
    """What holds beside the branches and in the one that is taken; the place keeps its own name."""
    made = {
        **branch,
        **{key: one for key, one in base.items() if key not in ("oneOf", "anyOf", "type", "properties", "required")},
    }
    for key in ("properties", "required"):
        if key in base or key in branch:
            empty: Any = {} if key == "properties" else []
            one, two = base.get(key, empty), branch.get(key, empty)
            made[key] = {**one, **two} if key == "properties" else [*one, *two]
    if "type" not in branch and "type" in base:
        made["type"] = base["type"]
    return made


def _kind_at(kinds: list[str], value: Json) -> int:
    kind = "" if value is ABSENT else kind_of(value)
    if kind == "integer" and "integer" not in kinds:
        kind = "number"
    return kinds.index(kind) if kind in kinds else 0


def _with_other(options: list[Option], made: Field) -> list[Option]:
    """The options, and behind them what stands there instead of one."""
    if not made.value or made.null or any(option.json == made.value for option in options):
        return options
    shown = made.value
    return [*options, Option(made.value, str(json.loads(shown)) if shown.startswith('"') else shown, allowed=False)]


def _offer(node: Node | None, widget: Widget, value: str) -> str:
    """The value in the kind that is wanted, where that can be told from it."""
    if node is None:
        return ""
    if widget == "number" and node.kind == "string":
        digits = value.strip()
        while digits and not is_number(digits):
            digits = digits[:-1].rstrip()
        return digits
    if widget == "text" and node.kind in ("number", "boolean"):
        return quoted(value)
    return ""


def _json(value: Json) -> str:
    return quoted(value) if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _plain(value: Json) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)

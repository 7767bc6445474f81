"""What a person does in a form, done to the text that it is the form of."""

from __future__ import annotations

from collections.abc import Mapping

from datasets_app.core.forms.blanks import blank, is_null
from datasets_app.core.forms.building import form_of, schema_of_item, schema_of_key
from datasets_app.core.forms.fields import Field
from datasets_app.core.forms.outline import Outline, outline
from datasets_app.core.forms.spans import find, split
from datasets_app.core.forms.writing import (
    Raw,
    dumped,
    indent_of,
    is_number,
    margin_of,
    quoted,
    replaced,
    swapped,
    with_item,
    with_member,
    without,
)
from datasets_app.core.json_text import is_json
from datasets_app.core.jsonl import Json
from ftstudio.errors import InvalidInput, Text

STEPS = ("put", "begin", "add", "remove", "up", "down", "branch", "set", "key")
_GONE = Text("The text of the answer is no longer what the form was made from: look at it, and try again.")


def written(field: Field, typed: str | None) -> str:
    """The JSON of what was typed into an input, null for None. Raises InvalidInput where it can be none.

    What is typed where a number belongs and is none is kept as a text, so that nothing is lost; the schema objects.
    """
    if typed is None:
        return "null"
    if field.widget in ("choice", "boolean", "any"):
        if not is_json(typed):
            raise InvalidInput(
                form=Text("{path} holds no JSON value: put a text in double quotes.", path=field.path or "/")
            )
        return typed
    digits = typed.strip()
    if field.widget == "number" and is_number(digits):
        return digits
    if field.widget == "number" and not digits and field.nullable:
        return "null"
    return quoted(typed)


def with_values(schema: Mapping[str, Json], text: str, typed: Mapping[str, str | None]) -> str:
    """The text with the leaves changed whose input says something else now: {JSON Pointer: what the input holds}, None
    for null.

    All that came back as it was shown keeps its bytes, so a form that nobody touched gives the very same text.
    """
    form = form_of(schema, text)
    if form.root is None:
        return text
    changed = [leaf for leaf in form.root.leaves() if leaf.path in typed and typed[leaf.path] != leaf.value]
    there = [leaf for leaf in changed if leaf.node is not None]
    for leaf in sorted(there, key=lambda one: -one.node.start if one.node else 0):
        if leaf.node is not None:
            text = replaced(text, leaf.node, written(leaf, typed[leaf.path]))
    for leaf in changed:
        if leaf.node is None:
            text = put(schema, text, leaf.path, written(leaf, typed[leaf.path]))
    return text


def put(schema: Mapping[str, Json], text: str, pointer: str, json_text: str | None = None) -> str:
    """The text with a value where there was none: the JSON that is given, else one to begin with."""
    told = outline(schema)
    if not text.strip():
        root = json_text if json_text is not None and not pointer else dumped(blank(told, told.root), "  ")
        return put(schema, root, pointer, json_text) if pointer else root
    parent, key = split(pointer)
    holder = form_of(schema, text).at(parent)
    if holder is None or holder.node is None or holder.node.kind != "object" or not pointer:
        raise InvalidInput(form=_GONE)
    if holder.node.member(key):
        return text
    value = Raw(json_text) if json_text is not None else blank(told, schema_of_key(holder.told, key))
    return with_member(text, holder.node, key, value, [field.key for field in holder.fields])


def step(schema: Mapping[str, Json], text: str, name: str, pointer: str, argument: str = "") -> str:
    """The text after one press of a button. Raises InvalidInput for what cannot be done to it (any more).

    `put` a value that is absent · `begin` one that is null · `add` an item · `remove` a member or item · `up`, `down`
    an item · `branch` number `argument` of the forms that a value may take · `set` the value to the JSON `argument` ·
    `key`: a new key `argument`.
    """
    if name == "put":
        return put(schema, text, pointer)
    told = outline(schema)
    form = form_of(schema, text)
    field = form.at(pointer)
    if form.root is None or form.root.node is None or field is None or field.node is None:
        raise InvalidInput(form=_GONE)
    if name == "begin":
        value = (
            blank(told, {"allOf": [field.schema, {"type": field.widget}]})
            if not field.leaf
            else blank(told, field.schema)
        )
        return replaced(text, field.node, dumped(value, indent_of(text), margin_of(text, field.node.start)))
    if name == "add" and field.node.kind == "array":
        return with_item(text, field.node, blank(told, schema_of_item(field.told, len(field.fields))))
    if name == "key" and field.node.kind == "object" and argument and not field.node.member(argument):
        return with_member(text, field.node, argument, blank(told, schema_of_key(field.told, argument)))
    if name == "remove" and pointer:
        return without(text, form.root.node, pointer)
    if name in ("up", "down") and field.item:
        holder = find(form.root.node, split(pointer)[0])
        return swapped(text, holder, int(field.key), -1 if name == "up" else 1) if holder else text
    if name == "branch" and argument.isdecimal() and int(argument) < len(field.branches):
        return _branched(told, text, field, int(argument))
    if name == "set" and is_json(argument):
        return replaced(text, field.node, argument)
    raise InvalidInput(form=_GONE)


def _branched(told: Outline, text: str, field: Field, at: int) -> str:
    """Another form for a value: a frame of it, in which what both forms have is kept as it was written."""
    node = field.node
    if node is None:
        return text
    value = blank(told, field.schema, at)
    if isinstance(value, dict) and node.kind == "object":
        merged = told.merged(field.schema)
        branches = [one for one in told.branches(merged) if not is_null(told.merged(one))]
        wanted = told.merged({"allOf": [merged, branches[at]]}) if at < len(branches) else merged
        properties = wanted.get("properties", {})
        kept = {
            member.key: Raw(text[member.node.start : member.node.end])
            for member in node.members
            if member.key in properties and "const" not in told.merged(properties[member.key])
        }
        value = {key: kept.get(key, value.get(key)) for key in properties if key in kept or key in value}
    return replaced(text, node, dumped(value, indent_of(text), margin_of(text, node.start)))

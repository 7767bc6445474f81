"""What a value begins as when somebody asks for one: its frame, and in it nothing that nobody has said."""

from __future__ import annotations

from datasets_app.core.forms.outline import Outline
from datasets_app.core.jsonl import Json

DEEPEST = 6  # required objects inside required objects; a schema may demand itself


def blank(outline: Outline, node: Json, branch: int = 0, depth: int = 0) -> Json:
    """The default of a schema, its only allowed value, or an empty frame.

    An object gets the objects and lists that it must have, and what can only be one value. A text or number that it
    must have stays absent: the form asks for it, instead of putting an answer there that nobody gave.
    """
    told = outline.merged(node)
    for key in ("default", "const"):
        if key in told:
            return told[key]
    branches = [one for one in outline.branches(told) if not is_null(outline.merged(one))]
    if branches:
        chosen = branches[branch if branch < len(branches) else 0]
        told = {**outline.merged({"allOf": [told, chosen]}), "oneOf": [], "anyOf": []}
        if "const" in told or "default" in told:
            return told.get("const", told.get("default"))
    kind = kind_wanted(told, branch if not branches else 0)
    if kind == "object":
        return _object(outline, told, depth)
    if kind == "array":
        return []
    return "" if kind in ("string", "") else None


def kind_wanted(told: dict[str, Json], at: int = 0) -> str:
    """The kind of value that a merged schema asks for, "" where it says nothing of it; of several the one at `at`."""
    kinds = kinds_of(told)
    if kinds:
        return kinds[at if at < len(kinds) else 0]
    if not {"properties", "required", "patternProperties", "additionalProperties"}.isdisjoint(told):
        return "object"
    if not {"items", "prefixItems", "minItems", "contains"}.isdisjoint(told):
        return "array"
    if not {"minLength", "maxLength", "pattern", "format"}.isdisjoint(told):
        return "string"
    if not {"minimum", "maximum", "multipleOf", "exclusiveMinimum", "exclusiveMaximum"}.isdisjoint(told):
        return "number"
    return ""


def kinds_of(told: dict[str, Json]) -> list[str]:
    """The types that a merged schema names, without null; a whole number is a number."""
    types = told.get("type", [])
    named = [types] if isinstance(types, str) else list(types)
    return [name for name in named if name != "null" and not (name == "integer" and "number" in named)]


def is_null(told: dict[str, Json]) -> bool:
    """Whether a merged schema allows null and nothing else."""
    return told.get("type") in ("null", ["null"]) or ("const" in told and told["const"] is None)


def _object(outline: Outline, told: dict[str, Json], depth: int) -> dict[str, Json]:
    made: dict[str, Json] = {}
    properties = told.get("properties", {})
    for key in properties:
        if key not in told.get("required", []) or depth >= DEEPEST:
            continue
        inner = outline.merged(properties[key])
        if "const" in inner or "default" in inner or kind_wanted(inner) in ("object", "array"):
            made[key] = blank(outline, properties[key], 0, depth + 1)
    return made

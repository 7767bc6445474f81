"""An object that fits a JSON Schema: what a model that honours it would write, as far as a rehearsal needs it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_DEEPEST = 12  # a schema may refer to itself


def instance(schema: Mapping[str, Any], text: str, *, root: Mapping[str, Any] | None = None, depth: int = 0) -> Any:
    """The smallest value that fits; a free text in it is `text`. All properties that are required are there."""
    root = schema if root is None else root
    if depth > _DEEPEST:
        return None
    if isinstance(reference := schema.get("$ref"), str):
        return instance(_referred(root, reference), text, root=root, depth=depth + 1)
    for key in ("const", "default"):
        if key in schema:
            return schema[key]
    if isinstance(values := schema.get("enum"), list) and values:
        return next((value for value in values if isinstance(value, str) and value in text), values[0])
    for key in ("anyOf", "oneOf", "allOf"):
        if isinstance(choices := schema.get(key), list) and choices:
            return instance(choices[0], text, root=root, depth=depth + 1)
    kind = schema.get("type", "object" if "properties" in schema else "string")
    kind = kind[0] if isinstance(kind, list) and kind else kind
    if kind == "object":
        known = schema.get("properties") or {}
        names = schema.get("required") or list(known)
        return {name: instance(known.get(name) or {}, text, root=root, depth=depth + 1) for name in names}
    if kind == "array":
        items = schema.get("items")
        wanted = max(int(schema.get("minItems", 0)), 1 if isinstance(items, dict) else 0)
        one = items if isinstance(items, dict) else {}
        return [instance(one, text, root=root, depth=depth + 1) for _ in range(min(wanted, 20))]
    if kind in ("integer", "number"):
        return schema.get("minimum", 0)
    if kind == "boolean":
        return True
    if kind == "null":
        return None
    return text[: schema["maxLength"]] if isinstance(schema.get("maxLength"), int) else text


def _referred(root: Mapping[str, Any], reference: str) -> Mapping[str, Any]:
    found: Any = root
    for part in reference.removeprefix("#").strip("/").split("/"):
        found = found.get(part.replace("~1", "/").replace("~0", "~"), {}) if part and isinstance(found, dict) else found
    return found if isinstance(found, dict) else {}

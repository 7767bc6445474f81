"""A JSON Schema given by a person: checked once by jsonschema, judged ever after by jsonschema-rs.

Exactly one engine gives verdicts, so counts never differ between pages. Patterns follow ECMA-262 and `format`
is asserted. Nothing is ever fetched: a `$ref` may only point inside the schema itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import jsonschema_rs

from datasets_app.core.contracts.violations import explained
from datasets_app.core.jsonl import MAX_DEPTH, Json
from ftstudio.errors import Text

DRAFT = "https://json-schema.org/draft/2020-12/schema"
_DATA = ("enum", "const", "default", "examples")  # keywords whose values are data, not schemas


class SchemaProblem(Exception):
    """Why a schema cannot be used: `text` for people, `pointer` into the schema."""

    def __init__(self, text: Text, pointer: str = "") -> None:
        super().__init__(str(text))
        self.text = text
        self.pointer = pointer


def compile_schema(schema: Mapping[str, Json]) -> Any:
    """The validator of a schema. Raises `SchemaProblem`, naming the place, for one that cannot be used."""
    draft = schema.get("$schema", DRAFT)
    if draft not in (DRAFT, DRAFT + "#"):
        raise SchemaProblem(
            Text("schemas follow Draft 2020-12: remove this key or write “{draft}”", draft=DRAFT), "/$schema"
        )
    for pointer, keyword, target in _references(schema, "", 0):
        if not isinstance(target, str) or not target.startswith("#"):
            raise SchemaProblem(
                Text("a reference may only point inside this schema (“#/$defs/…”): copy what it refers to into $defs"),
                f"{pointer}/{keyword}",
            )
    import jsonschema  # slow to import, and most contracts hold no schema

    no_formats = jsonschema.FormatChecker(formats=())  # its `regex` check is Python's, and patterns are ECMA-262
    try:
        jsonschema.Draft202012Validator.check_schema(dict(schema), format_checker=no_formats)
    except jsonschema.SchemaError as error:
        pointer = "".join(f"/{part}" for part in error.absolute_path)
        raise SchemaProblem(
            Text(
                "this is no valid JSON Schema: {reason}",
                reason=explained(error.validator, error.validator_value, error.message),
            ),
            pointer,
        ) from None
    try:
        return jsonschema_rs.Draft202012Validator(dict(schema), validate_formats=True)
    except (ValueError, jsonschema_rs.ReferencingError) as error:
        reason = getattr(error, "message", "") or str(error).partition("\n")[0]
        raise SchemaProblem(Text("this is no valid JSON Schema: {reason}", reason=reason[:300])) from None


def _references(node: Json, pointer: str, depth: int) -> Iterator[tuple[str, str, Json]]:
    if depth > MAX_DEPTH:
        raise SchemaProblem(Text("nested more than {depth} levels deep: move parts to $defs", depth=MAX_DEPTH), pointer)
    if isinstance(node, Mapping):
        for key, value in node.items():
            if key in ("$ref", "$dynamicRef") and isinstance(value, str):
                yield pointer, key, value
            elif key not in _DATA:
                yield from _references(value, f"{pointer}/{key}", depth + 1)
    elif isinstance(node, list):
        for at, value in enumerate(node):
            yield from _references(value, f"{pointer}/{at}", depth + 1)

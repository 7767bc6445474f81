"""What is wrong with an answer, at the field that it is about."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

from datasets_app.core.contracts.violations import explained
from datasets_app.core.findings import Finding, Severity
from datasets_app.core.forms.blanks import is_null
from datasets_app.core.forms.fields import Field, Form
from datasets_app.core.forms.outline import Outline, outline
from datasets_app.core.forms.spans import below, read
from datasets_app.core.jsonl import Json
from ftstudio.errors import Text

MOST = 200  # violations shown in one form
_RULE = "schema-violation"
_ALTERNATIVES = ("anyOf", "oneOf")


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong with the value at the JSON Pointer `path`."""

    path: str
    severity: Severity
    message: Text
    rule: str


def faults(schema: Mapping[str, Json], form: Form, findings: Iterable[Finding], path: str) -> list[Fault]:
    """Every violation of the schema at the value it is about, and every finding with a place in the text at `path`.

    A missing key is a fault of the key, one too many of that key. Where no alternative is kept, the faults are those
    under the one that the form shows. The severity of a violation is that of its finding; the rule switched off, or
    let pass, says nothing here either.
    """
    if form.root is None or form.root.node is None:
        return []
    findings = [finding for finding in findings if finding.path == path]
    found = [
        Fault(leaf.path, finding.severity, finding.message, finding.rule)
        for finding in findings
        if finding.start is not None and (leaf := _at(form.root, finding.start)) is not None
    ]
    severity = next((finding.severity for finding in findings if finding.rule == _RULE), None)
    if severity is None:
        return found
    told = outline(schema)
    errors = _violations(told, told.root, read(form.text)[1], "", form, 0)
    return [Fault(pointer, severity, message, _RULE) for pointer, message in islice(errors, MOST)] + found


def _violations(
    told: Outline, schema: Json, value: Json, at: str, form: Form, depth: int
) -> Iterator[tuple[str, Text]]:
    for error in told.errors(schema, value):
        pointer = at
        for part in error.instance_path:
            pointer = below(pointer, part)
        keyword, demanded = error.kind.name, error.kind.value
        field = form.at(pointer)
        if keyword in _ALTERNATIVES and field is not None and field.branches and depth < 8:
            branches = _branches(told, field)
            if field.branch < len(branches):
                inner = _value_at(value, error.instance_path)
                under = list(_violations(told, branches[field.branch], inner, pointer, form, depth + 1))
                if under:
                    yield from under
                    continue
        if keyword == "required" and isinstance(demanded, str):
            yield below(pointer, demanded), Text("is required, and missing")
        elif keyword in ("additionalProperties", "unevaluatedProperties") and isinstance(demanded, list):
            for key in demanded:
                yield below(pointer, key), Text("is a key that the schema does not allow")
        else:
            yield pointer, explained(keyword, demanded, error.message)


def _branches(told: Outline, field: Field) -> list[Json]:
    return [one for one in told.branches(told.merged(field.schema)) if not is_null(told.merged(one))]


def _value_at(value: Json, path: Iterable[Any]) -> Json:
    for part in path:
        value = value[part]
    return value


def _at(field: Field, start: int) -> Field | None:
    """The innermost field whose value stands around a place of the text."""
    for one in field.fields:
        if one.node is not None and one.node.start <= start < one.node.end:
            return _at(one, start)
    return field

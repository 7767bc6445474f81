"""Uploads as the API takes and gives them."""

from __future__ import annotations

import json
from typing import Any

from rest_framework import serializers

from datasets_app.models import Upload
from datasets_app.services.uploads import Look
from ftstudio.web.texts import say

from .fields import ErrorField, ObjectField


class UploadOutput(serializers.ModelSerializer[Upload]):
    """An imported file. `offset` bytes have been read so far, of `size` for a file that is JSONL.

    While it is `held`, `needs` is "mapping" when the columns of a table must be said before it can be started, and
    "member" when it is an archive in which several files could hold the rows. `inside` is the container of that file.
    `spread` counts the accepted samples by their value at `spread_by`. `damage` is of a compressed file: `cut` off,
    `broken` in the middle, without the end that it should have (`ends`), with another checksum (`changed`).
    """

    mapping = ObjectField(help_text="Field → column of a table.")
    spread = ObjectField()
    error = ErrorField()
    needs = serializers.CharField(read_only=True)

    class Meta:
        model = Upload
        fields = (
            "id", "dataset", "name", "size", "sha256", "damage", "container", "member", "inside", "encoding",
            "delimiter", "sheet", "format", "codec", "mapping", "strict", "side", "spread_by", "spread", "tags_by",
            "licence", "state", "needs", "offset", "rows_total", "rows_accepted", "rows_rejected", "rows_duplicate",
            "error", "created_at", "started_at", "finished_at",
        )  # fmt: skip


class MappingField(ObjectField):
    """Field → column of a table; in a multipart body as JSON text."""

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, str):
            try:
                data = json.loads(data)
            except ValueError:
                self.fail("not_an_object")
        return super().to_internal_value(data)


class UploadOptions(serializers.Serializer[Any]):
    """How the file is read, and what is taken of it.

    `member` says which file of an archive is read, `sheet` which sheet of a workbook (the preview names them; "" is the
    only one, and the first that is not hidden), `delimiter` is the character between the cells of a text table, or
    `tab`,
    `mapping` of a table which column is which field (`user`, `assistant`, `system`, `rejected`, …; `keep: false`
    leaves the other columns out), `strict` takes in only samples without errors, `side` (train, validation or test) is
    where all of them belong in every later split, `spread_by` is a dotted path whose values are counted, `tags_by` one
    whose word or list of words becomes the sample's tags.
    """

    container = serializers.CharField(max_length=10, required=False, allow_blank=True)
    encoding = serializers.CharField(max_length=20, required=False, allow_blank=True)
    member = serializers.CharField(max_length=400, required=False, allow_blank=True, trim_whitespace=False)
    delimiter = serializers.CharField(max_length=3, required=False, allow_blank=True, trim_whitespace=False)
    sheet = serializers.CharField(max_length=100, required=False, allow_blank=True, trim_whitespace=False)
    format = serializers.CharField(max_length=40, required=False)
    mapping = MappingField(required=False)
    strict = serializers.BooleanField(required=False)
    side = serializers.CharField(max_length=10, required=False, allow_blank=True)
    spread_by = serializers.CharField(max_length=100, required=False, allow_blank=True)
    tags_by = serializers.CharField(max_length=100, required=False, allow_blank=True)
    licence = serializers.CharField(max_length=100, required=False, allow_blank=True)


class UploadInput(UploadOptions):
    """`again`: take the file in although this dataset has had it before. `hold`: wait for `start`."""

    file = serializers.FileField(allow_empty_file=True)
    again = serializers.BooleanField(required=False, default=False)
    hold = serializers.BooleanField(required=False, default=False)


class StartInput(serializers.Serializer[Any]):
    again = serializers.BooleanField(required=False, default=False)


SHOWN = 20  # samples and refusals in a preview

PREVIEW = {
    "type": "object",
    "properties": {
        "container": {"type": "string"},
        "encoding": {"type": "string"},
        "delimiter": {"type": "string"},
        "members": {"type": "array", "items": {"type": "string"}},
        "member": {"type": "string"},
        "sheets": {"type": "array", "items": {"type": "string"}},
        "sheet": {"type": "string"},
        "codec": {"type": "string"},
        "columns": {"type": "array", "items": {"type": "string"}},
        "mapping": {"type": ["object", "null"], "additionalProperties": True},
        "needs": {"type": "string"},
        "looked_at": {"type": "integer"},
        "whole": {"type": "boolean"},
        "usable": {"type": "integer"},
        "with_errors": {"type": "integer"},
        "with_findings": {"type": "integer"},
        "rules": {"type": "array", "items": {"type": "object", "additionalProperties": True}},
        "samples": {"type": "array", "items": {"type": "object", "additionalProperties": True}},
        "refused": {"type": "array", "items": {"type": "object", "additionalProperties": True}},
        "problem": {"type": "string"},
    },
}


def preview_of(seen: Look) -> dict[str, Any]:
    """The look as JSON data, its first samples with their findings."""
    return {
        "container": seen.container,
        "encoding": seen.encoding,
        "delimiter": seen.delimiter,
        "members": list(seen.members),
        "member": seen.member,
        "sheets": list(seen.sheets),
        "sheet": seen.sheet,
        "codec": seen.codec,
        "columns": list(seen.columns),
        "mapping": seen.mapping.to_data() if seen.mapping else None,
        "needs": seen.needs,
        "looked_at": seen.looked_at,
        "whole": seen.whole,
        "usable": len(seen.graded),
        "with_errors": seen.with_errors,
        "with_findings": seen.with_findings,
        "rules": [{"rule": rule, "severity": severity, "samples": n} for rule, severity, n in seen.rules],
        "samples": [
            {
                "line": line,
                **json.loads(one.payload),
                "findings": [
                    {"rule": found.rule, "severity": found.severity, "path": found.path, "message": say(found.message)}
                    for found in one.findings
                ],
            }
            for line, one in seen.graded[:SHOWN]
        ],
        "refused": [
            {"line": row.line, "error": {"code": row.code, "message": say(row.text)}, "raw": row.raw}
            for row in seen.refused[:SHOWN]
        ],
        "problem": say(seen.problem) if seen.problem else "",
    }

"""Snapshots and exports as the API takes and gives them."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from datasets_app.core.diffs import Op
from datasets_app.core.splitting import SIDES
from datasets_app.models import Export, LossReport, Snapshot
from datasets_app.services.cards import warnings_of

from .fields import ErrorField, ObjectField, ObjectsField, SaidField

WARNING = {"type": "object", "properties": {"code": {"type": "string"}, "message": {"type": "string"}}}
SPLITS = ("all", *SIDES)


class SnapshotOutput(serializers.ModelSerializer[Snapshot]):
    shares = ObjectField()
    filter = ObjectField()
    contract = ObjectField()
    counts = ObjectField()
    mix = ObjectField()
    warnings = serializers.SerializerMethodField()
    error = ErrorField()

    @extend_schema_field({"type": "array", "items": WARNING})
    def get_warnings(self, snapshot: Snapshot) -> list[dict[str, str]]:
        return warnings_of(snapshot)

    class Meta:
        model = Snapshot
        fields = (
            "id", "dataset", "number", "state", "shares", "seed", "group_by", "stratify_by", "mix", "filter",
            "contract", "guideline",
            "guideline_version", "system_prompt", "contrast_template", "profile", "rule_set_version", "content_hash",
            "counts", "warnings", "error", "created_at",
        )  # fmt: skip


class SharesInput(serializers.Serializer[Any]):
    """Whole percentages that add up to 100."""

    train = serializers.IntegerField(required=False, default=0)
    validation = serializers.IntegerField(required=False, default=0)
    test = serializers.IntegerField(required=False, default=0)


class MixInput(serializers.Serializer[Any]):
    """General samples of another dataset of the project, as a percentage of the training side."""

    dataset = serializers.UUIDField()
    percent = serializers.IntegerField()


class SnapshotInput(serializers.Serializer[Any]):
    """Shares are 90/10/0 unless given; `filter` holds the filters of the sample list.

    `group_by` is a dotted path into a sample's other keys, `duplicates`, `near-duplicates` or `conversation`;
    `stratify_by` is `label`, `tag` or empty.
    """

    shares = SharesInput(required=False)
    seed = serializers.IntegerField(required=False, default=0)
    group_by = serializers.CharField(max_length=100, required=False, allow_blank=True, default="")
    stratify_by = serializers.CharField(max_length=10, required=False, allow_blank=True, default="")
    mix = MixInput(required=False, allow_null=True, default=None)
    filter = ObjectField(required=False)


class ExportOutput(serializers.ModelSerializer[Export]):
    options = ObjectField()
    waivers = ObjectsField()
    manifest = SaidField("refused", "findings")
    error = ErrorField()

    class Meta:
        model = Export
        fields = (
            "id", "snapshot", "codec", "split", "options", "state", "rows_written", "size", "sha256", "waivers",
            "manifest", "error", "created_at", "finished_at",
        )  # fmt: skip


class ExportWaiveInput(serializers.Serializer[Any]):
    """Let error findings pass: why, and which rules (all of them unless named)."""

    reason = serializers.CharField(max_length=300)
    rules = serializers.ListField(child=serializers.CharField(), required=False)


class ExportInput(serializers.Serializer[Any]):
    """`options`: `contrast` and `negatives` as percentages of the training rows, `allow_loss` naming fields that may be
    left behind, `profile` whose limits the file must keep."""

    codec = serializers.CharField(max_length=40)
    split = serializers.ChoiceField(SPLITS, required=False, default="all")
    options = ObjectField(required=False)
    waive = ExportWaiveInput(required=False, allow_null=True, default=None)


class LossReportInput(serializers.Serializer[Any]):
    codec = serializers.CharField(max_length=40)
    split = serializers.ChoiceField(SPLITS, required=False, default="all")


class LossReportOutput(serializers.ModelSerializer[LossReport]):
    """`report` is empty until `state` is done."""

    report = SaidField("refusals")
    error = ErrorField()

    class Meta:
        model = LossReport
        fields = ("id", "snapshot", "codec", "split", "state", "rows_seen", "report", "error", "created_at",
                  "finished_at")  # fmt: skip


class DiffLine(serializers.Serializer[Any]):
    """A sample that differs: its sides before and after ("" where it was not in it), and the texts that changed."""

    position = serializers.IntegerField()
    sample = serializers.IntegerField()
    title = serializers.CharField()
    before = serializers.CharField()
    after = serializers.CharField()
    changes = serializers.SerializerMethodField()

    @extend_schema_field({"type": "array", "items": {"type": "object"}})
    def get_changes(self, line: Any) -> list[dict[str, Any]]:
        return [
            {
                "role": turn.role,
                "rejected": turn.rejected,
                "field": turn.field,
                "ops": _steps(turn.ops),
            }
            for turn in line.turns
        ]


class DiffSetting(serializers.Serializer[Any]):
    """Something that was frozen beside the samples, such as the contract, and the steps from then to now."""

    name = serializers.CharField()
    ops = serializers.SerializerMethodField()

    @extend_schema_field({"type": "array", "items": {"type": "object"}})
    def get_ops(self, setting: Any) -> list[dict[str, str]]:
        return _steps(setting.ops)


def _steps(ops: list[Op]) -> list[dict[str, str]]:
    return [{"kind": op.kind, "text": op.text} for op in ops]


class DiffOutput(serializers.Serializer[Any]):
    """What differs from `against`: `counts` of all kinds, one page of the kind asked for, and the `settings` that were
    frozen otherwise."""

    against = serializers.UUIDField(allow_null=True)
    counts = ObjectField()
    kind = serializers.CharField()
    next = serializers.CharField(allow_null=True)
    previous = serializers.CharField(allow_null=True)
    results = DiffLine(many=True)
    settings = DiffSetting(many=True)

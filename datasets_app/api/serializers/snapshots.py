"""Snapshots and exports as the API takes and gives them."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from datasets_app.core.splitting import SIDES
from datasets_app.models import Export, Snapshot

from .fields import ErrorField, ObjectField, ObjectsField


class SnapshotOutput(serializers.ModelSerializer[Snapshot]):
    shares = ObjectField()
    filter = ObjectField()
    contract = ObjectField()
    counts = ObjectField()
    error = ErrorField()

    class Meta:
        model = Snapshot
        fields = (
            "id", "dataset", "number", "state", "shares", "seed", "group_by", "filter", "contract", "guideline",
            "guideline_version", "system_prompt", "profile", "rule_set_version", "content_hash", "counts", "error",
            "created_at",
        )  # fmt: skip


class SharesInput(serializers.Serializer[Any]):
    """Whole percentages that add up to 100."""

    train = serializers.IntegerField(required=False, default=0)
    validation = serializers.IntegerField(required=False, default=0)
    test = serializers.IntegerField(required=False, default=0)


class SnapshotInput(serializers.Serializer[Any]):
    """Shares are 90/10/0 unless given; `filter` holds the filters of the sample list."""

    shares = SharesInput(required=False)
    seed = serializers.IntegerField(required=False, default=0)
    group_by = serializers.CharField(max_length=100, required=False, allow_blank=True, default="")
    filter = ObjectField(required=False)


class ExportOutput(serializers.ModelSerializer[Export]):
    waivers = ObjectsField()
    manifest = ObjectField()
    error = ErrorField()

    class Meta:
        model = Export
        fields = (
            "id", "snapshot", "codec", "split", "state", "rows_written", "size", "sha256", "waivers", "manifest",
            "error", "created_at", "finished_at",
        )  # fmt: skip


class ExportWaiveInput(serializers.Serializer[Any]):
    """Let error findings pass: why, and which rules (all of them unless named)."""

    reason = serializers.CharField(max_length=300)
    rules = serializers.ListField(child=serializers.CharField(), required=False)


class ExportInput(serializers.Serializer[Any]):
    codec = serializers.CharField(max_length=40)
    split = serializers.ChoiceField(("all", *SIDES), required=False, default="all")
    waive = ExportWaiveInput(required=False, allow_null=True, default=None)

"""Bulk changes and waivers as the API takes and gives them."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from datasets_app.models import BulkChange, BulkChangeEntry, Waiver
from ftstudio.accounts.api.serializers import PersonOutput
from ftstudio.web.texts import from_row, say

from .fields import ErrorField, ObjectField, ObjectsField


class BulkChangeOutput(serializers.ModelSerializer[BulkChange]):
    """`planned` samples would change, `applied` did, `skipped` were left because somebody changed them in between."""

    what = ObjectField()
    filter = ObjectField()
    counts = ObjectField(help_text="Added up over the planned samples: fixes per rule, or tokens before and after.")
    error = ErrorField()

    class Meta:
        model = BulkChange
        fields = (
            "id", "dataset", "kind", "what", "filter", "state", "planned", "applied", "undone", "skipped", "counts",
            "error", "created_at", "finished_at",
        )  # fmt: skip


class BulkChangeInput(serializers.Serializer[Any]):
    """`what` holds the kind's parameters: fix {rules}, clean {mode}, waive {rule, reason}, tag {tag, do}, status
    {decision, reason}. `filter` holds the filters of the sample list."""

    kind = serializers.CharField(max_length=20)
    what = ObjectField(required=False, default=dict)
    filter = ObjectField(required=False)


class BulkChangeApplyInput(serializers.Serializer[Any]):
    """`count`: how many samples you agree to change; 409 if it is another number by now."""

    count = serializers.IntegerField(required=False, allow_null=True, default=None, min_value=0)


class BulkChangeEntryOutput(serializers.ModelSerializer[BulkChangeEntry]):
    """One sample of a bulk change; `edits` are {path, before, after}, `note` says why it was not changed."""

    edits = ObjectsField()
    counts = ObjectField()
    note = serializers.SerializerMethodField()

    class Meta:
        model = BulkChangeEntry
        fields = ("position", "sample", "base_revision", "revision", "state", "edits", "counts", "note")

    @extend_schema_field(serializers.CharField())
    def get_note(self, entry: BulkChangeEntry) -> str:
        return say(from_row(entry.note)) if entry.note else ""


class BulkChangeEntryInput(serializers.Serializer[Any]):
    """`left`: leave this sample out, or take it in again."""

    left = serializers.BooleanField()


class WaiverOutput(serializers.ModelSerializer[Waiver]):
    """A rule's finding that a lead lets pass on one sample."""

    by = PersonOutput()

    class Meta:
        model = Waiver
        fields = ("id", "sample", "rule", "reason", "by", "at")


class WaiverInput(serializers.Serializer[Any]):
    rule = serializers.CharField(max_length=40)
    reason = serializers.CharField(max_length=300, allow_blank=True)  # the service says what a blank one lacks

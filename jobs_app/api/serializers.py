"""The shapes of the job side's API. Meaning is checked by the services; here only what is an id, a text, a number."""

from __future__ import annotations

import math
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from datasets_app.models import Snapshot
from ftstudio.web.texts import from_line, from_row, say
from jobs_app.models import Checkpoint, Connection, Job, JobEvent, JobMetric, ModelVersion

TRAINS_NOTHING = "True: no model is trained."


class Visible(serializers.PrimaryKeyRelatedField):
    """An id of something that the person can see; anybody else's does not exist."""

    def get_queryset(self) -> Any:
        return super().get_queryset().visible_to(self.context["request"].user)


class Said(serializers.CharField):
    """A sentence kept by `texts.to_line`, in the reader's language."""

    def to_representation(self, value: str) -> str:
        return say(from_line(value))


class JobOutput(serializers.ModelSerializer[Job]):
    rehearsal = serializers.BooleanField(source="connection.is_rehearsal", read_only=True, help_text=TRAINS_NOTHING)
    error = serializers.SerializerMethodField()
    poll_error = Said(read_only=True)

    class Meta:
        model = Job
        fields = (
            "id", "project", "name", "description", "snapshot", "connection", "rehearsal", "base_model", "codec",
            "recipe", "contract", "answers", "waivers", "state", "raw_state", "provider_job", "training_file",
            "validation_file", "training_sha256", "validation_sha256", "rows_train", "rows_validation", "result_model",
            "trained_tokens", "estimate", "cost", "currency", "error", "parent", "created_at", "launched_at",
            "started_at", "finished_at", "polled_at", "poll_error",
        )  # fmt: skip
        read_only_fields = fields

    recipe = serializers.DictField(read_only=True)
    contract = serializers.DictField(read_only=True)
    answers = serializers.DictField(read_only=True)
    estimate = serializers.DictField(read_only=True)
    waivers = serializers.ListField(child=serializers.DictField(), read_only=True)

    @extend_schema_field(
        {"type": ["object", "null"], "properties": {"code": {"type": "string"}, "message": {"type": "string"}}}
    )
    def get_error(self, job: Job) -> dict[str, str] | None:
        if not job.error:
            return None
        return {"code": str(job.error.get("code", "error")), "message": error_text(job.error)}


def error_text(row: dict[str, Any]) -> str:
    """The sentence of `Job.error` in the reader's language."""
    return say(from_row(row)) if "template" in row else str(row.get("message", ""))


class WaiveInput(serializers.Serializer[Any]):
    reason = serializers.CharField(max_length=300)
    rules = serializers.ListField(
        child=serializers.CharField(max_length=40), required=False, help_text="Left out: every rule with errors."
    )


class JobInput(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=200)
    connection = Visible(queryset=Connection.objects.select_related("project"))
    snapshot = Visible(queryset=Snapshot.objects.select_related("dataset"), required=False, allow_null=True)
    base_model = serializers.CharField(max_length=200, required=False, allow_blank=True)
    codec = serializers.CharField(
        max_length=40, required=False, allow_blank=True, help_text="The format of its files; empty: the usual one."
    )
    recipe = serializers.DictField(required=False)
    description = serializers.CharField(max_length=300, required=False, allow_blank=True)
    answers = serializers.DictField(child=serializers.BooleanField(), required=False, allow_null=True)
    waive = WaiveInput(required=False)


class JobChange(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=200, required=False)
    connection = Visible(queryset=Connection.objects.select_related("project"), required=False)
    snapshot = Visible(queryset=Snapshot.objects.select_related("dataset"), required=False, allow_null=True)
    base_model = serializers.CharField(max_length=200, required=False, allow_blank=True)
    codec = serializers.CharField(
        max_length=40, required=False, allow_blank=True, help_text="The format of its files; empty: the usual one."
    )
    recipe = serializers.DictField(required=False)
    description = serializers.CharField(max_length=300, required=False, allow_blank=True)
    answers = serializers.DictField(child=serializers.BooleanField(), required=False, allow_null=True)


class JobLaunchInput(serializers.Serializer[Any]):
    waive = WaiveInput(required=False)
    confirm = serializers.ListField(
        child=serializers.CharField(max_length=40), required=False, help_text="Guards that ask: exposures, no-schema."
    )


class PreflightItem(serializers.Serializer[Any]):
    id = serializers.CharField()
    label = serializers.SerializerMethodField()
    ok = serializers.BooleanField()
    detail = serializers.SerializerMethodField()
    fatal = serializers.BooleanField(help_text="Must be settled before the launch.")
    state = serializers.CharField(help_text="ok, waits (the launch does) or warns.")
    pending = serializers.BooleanField(help_text="It settles itself in a moment; ask again.")
    where = serializers.CharField(help_text="Where it is settled: dataset, connection, catalog …")
    about = serializers.ListField(child=serializers.CharField(), help_text="The rules that it speaks of.")

    def get_label(self, item: Any) -> str:
        return say(item.label)

    def get_detail(self, item: Any) -> str:
        return say(item.detail)


class Preflight(serializers.Serializer[Any]):
    ready = serializers.BooleanField()
    items = PreflightItem(many=True)


class EventOutput(serializers.ModelSerializer[JobEvent]):
    message = serializers.SerializerMethodField()
    data = serializers.DictField(read_only=True, allow_null=True)

    class Meta:
        model = JobEvent
        fields = ("provider_id", "at", "level", "message", "data")
        read_only_fields = fields

    def get_message(self, event: JobEvent) -> str:
        return say(event.says)


class MetricOutput(serializers.ModelSerializer[JobMetric]):
    value = serializers.SerializerMethodField(help_text="null where the provider reported no finite number.")

    class Meta:
        model = JobMetric
        fields = ("step", "name", "value")
        read_only_fields = fields

    def get_value(self, metric: JobMetric) -> float | None:
        return metric.value if math.isfinite(metric.value) else None


class CheckpointOutput(serializers.ModelSerializer[Checkpoint]):
    metrics = serializers.DictField(child=serializers.FloatField(), read_only=True)

    class Meta:
        model = Checkpoint
        fields = ("provider_id", "step", "model", "metrics", "at")
        read_only_fields = fields


class ModelVersionOutput(serializers.ModelSerializer[ModelVersion]):
    rehearsal = serializers.BooleanField(source="connection.is_rehearsal", read_only=True, help_text=TRAINS_NOTHING)
    base_model = serializers.CharField(source="job.base_model", read_only=True)
    contract = serializers.DictField(read_only=True)

    class Meta:
        model = ModelVersion
        fields = (
            "id", "project", "alias", "model", "base_model", "rehearsal", "job", "connection", "contract", "created_at",
        )  # fmt: skip
        read_only_fields = fields

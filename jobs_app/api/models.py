"""Tuned models through the API: what can be called, how it was trained to be called, and where it comes from."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_field
from rest_framework import generics, serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from datasets_app.models import Snapshot
from jobs_app.models import Checkpoint, Connection, ModelVersion
from jobs_app.services import catalog, models
from jobs_app.services.calling import way_of

from .connections import NewestFirst
from .jobs import found as found_job
from .jobs import read
from .serializers import ModelVersionOutput, Said, Visible


class ModelOutput(ModelVersionOutput):
    called = serializers.CharField(read_only=True, help_text="What a call names as its model.")
    serving_says = Said(read_only=True)

    class Meta(ModelVersionOutput.Meta):
        fields = (
            *ModelVersionOutput.Meta.fields, "called", "checkpoint", "stage", "serving", "serving_says",
            "deploy_asked_at", "note",
        )  # type: ignore[assignment]  # fmt: skip
        read_only_fields = fields  # type: ignore[assignment]


class ModelDetailOutput(ModelOutput):
    """With what one page shows: the day on which it stops, how to call it, what people changed, where it comes from."""

    until = serializers.SerializerMethodField()
    request = serializers.SerializerMethodField(help_text="The body of a chat completion that keeps the contract.")
    history = serializers.SerializerMethodField()
    uploads = serializers.SerializerMethodField()

    class Meta(ModelOutput.Meta):
        fields = (*ModelOutput.Meta.fields, "until", "request", "history", "uploads")  # type: ignore[assignment]
        read_only_fields = fields  # type: ignore[assignment]

    @extend_schema_field({"type": ["string", "null"], "format": "date"})
    def get_until(self, model: ModelVersion) -> Any:
        named = (model.connection, model.model, model.job.base_model)
        return catalog.sunsets(model.project_id, {model.pk: named}).get(model.pk)

    @extend_schema_field({"type": "object", "additionalProperties": True})
    def get_request(self, model: ModelVersion) -> dict[str, Any]:
        return way_of(model.connection, model.called, model.contract, base_model=model.job.base_model)[1]

    @extend_schema_field({"type": "array", "items": {"type": "object", "additionalProperties": True}})
    def get_history(self, model: ModelVersion) -> list[dict[str, Any]]:
        return [
            {"at": entry.at.isoformat(), "by": str(entry.actor or ""), "verb": entry.verb, "detail": entry.detail}
            for entry in models.history(model)
        ]

    @extend_schema_field({"type": "array", "items": {"type": "object", "additionalProperties": True}})
    def get_uploads(self, model: ModelVersion) -> list[dict[str, Any]]:
        return models.origins(model).uploads


class ModelChange(serializers.Serializer[Any]):
    alias = serializers.CharField(max_length=100, required=False)
    stage = serializers.ChoiceField(list(models.STAGES), required=False)
    note = serializers.CharField(max_length=300, required=False, allow_blank=True)
    override = serializers.CharField(
        required=False, allow_blank=True, help_text="Why an owner promotes it although it does not meet its gate."
    )


class ModelInput(serializers.Serializer[Any]):
    """A model that was tuned elsewhere."""

    connection = Visible(queryset=Connection.objects.select_related("project"))
    snapshot = Visible(queryset=Snapshot.objects.select_related("dataset__project"))
    model = serializers.CharField(max_length=200)
    base_model = serializers.CharField(max_length=200, required=False, allow_blank=True)
    alias = serializers.CharField(max_length=100, required=False, allow_blank=True)
    note = serializers.CharField(max_length=300, required=False, allow_blank=True)


class AliasInput(serializers.Serializer[Any]):
    alias = serializers.CharField(max_length=100, required=False, allow_blank=True)


def visible(request: Request) -> QuerySet[ModelVersion]:
    rows = ModelVersion.objects.visible_to(request.user)
    return rows.select_related("connection", "project", "job__snapshot").defer("connection__credential", "job__raw")


def found(request: Request, pk: UUID) -> ModelVersion:
    return get_object_or_404(visible(request), pk=pk)


class ModelVersionList(generics.ListAPIView[ModelVersion]):
    serializer_class = ModelOutput
    pagination_class = NewestFirst
    queryset = ModelVersion.objects.none()

    def get_queryset(self) -> QuerySet[ModelVersion]:
        rows = visible(self.request)
        stage = self.request.query_params.get("stage", "")
        return rows.filter(stage=stage) if stage in models.STAGES else rows

    @extend_schema(parameters=[OpenApiParameter("stage", str, enum=list(models.STAGES))])
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().get(request, *args, **kwargs)

    @extend_schema(request=ModelInput, responses={201: ModelDetailOutput})
    def post(self, request: Request) -> Response:
        """Take in a model that was tuned elsewhere; nothing is sent to the provider."""
        model = models.register_elsewhere(actor=request.user, **read(request, ModelInput))
        return Response(ModelDetailOutput(model).data, status=201)


class ModelVersionDetail(APIView):
    @extend_schema(responses=ModelDetailOutput)
    def get(self, request: Request, pk: UUID) -> Response:
        return Response(ModelDetailOutput(found(request, pk)).data)

    @extend_schema(request=ModelChange, responses=ModelDetailOutput)
    def patch(self, request: Request, pk: UUID) -> Response:
        """Alias, stage, note. One version of a task is in production: promoting takes the one before back, and asks the
        release gate of the task (409 with the code `gate` and the conditions that are not met)."""
        model = models.update(actor=request.user, model=found(request, pk), **read(request, ModelChange))
        return Response(ModelDetailOutput(model).data)


class CheckpointRegister(APIView):
    @extend_schema(request=AliasInput, responses={201: ModelDetailOutput})
    def post(self, request: Request, pk: UUID, checkpoint: int) -> Response:
        """Make a checkpoint a model version of its own. Twice is the same version."""
        rows = Checkpoint.objects.select_related("job__project", "job__connection", "job__snapshot")
        row = get_object_or_404(rows, job=found_job(request, pk), pk=checkpoint)
        model = models.register_checkpoint(actor=request.user, checkpoint=row, **read(request, AliasInput))
        return Response(ModelDetailOutput(model).data, status=201)

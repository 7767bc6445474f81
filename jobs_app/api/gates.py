"""Release gates through the API: the gate of a dataset, and how a model stands before it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import Http404
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from datasets_app.models import Dataset
from ftstudio.web.texts import say
from jobs_app.core.gates import BOUNDS, LOW, MET, UNMEASURED, UNMET
from jobs_app.models import ReleaseGate
from jobs_app.services import gate_proposals as proposals
from jobs_app.services import gates

from .jobs import read
from .models import found as found_model

STATES = (MET, UNMET, UNMEASURED)


class ConditionShape(serializers.Serializer[Any]):
    """One metric. With `limit` the end of the 95 % interval that speaks against the model (`bound` low) or the figure
    itself (`bound` value) must keep to it; rates are 0 to 1."""

    metric = serializers.CharField(max_length=60)
    bound = serializers.ChoiceField(list(BOUNDS), required=False, default=LOW)
    limit = serializers.FloatField(required=False, allow_null=True, default=None)
    not_worse = serializers.BooleanField(required=False, default=False, help_text="Than the model in production.")
    margin = serializers.FloatField(
        required=False, allow_null=True, default=None,
        help_text="How much may be lost against it, at the same end of the interval; null: no clear loss.",
    )  # fmt: skip


class GateInput(serializers.Serializer[Any]):
    conditions = ConditionShape(many=True)
    least_cases = serializers.IntegerField(required=False, default=gates.LEAST_CASES)


class GateOutput(serializers.ModelSerializer[ReleaseGate]):
    conditions = ConditionShape(many=True, read_only=True)
    says = serializers.SerializerMethodField(help_text="Each demand as a sentence.")
    warnings = serializers.SerializerMethodField(help_text="What no model could reach.")

    class Meta:
        model = ReleaseGate
        fields = ("dataset", "conditions", "least_cases", "says", "warnings", "updated_by", "updated_at")
        read_only_fields = fields

    @extend_schema_field(serializers.ListField(child=serializers.CharField()))
    def get_says(self, gate: ReleaseGate) -> list[str]:
        return [say(text) for text in proposals.demands_of(gate)]

    @extend_schema_field(serializers.ListField(child=serializers.CharField()))
    def get_warnings(self, gate: ReleaseGate) -> list[str]:
        return [say(text) for text in proposals.warnings_of(gate)]


class RulingOutput(serializers.Serializer[Any]):
    metric = serializers.CharField()
    part = serializers.ChoiceField(["limit", "not-worse"])
    state = serializers.ChoiceField(list(STATES))
    says = serializers.CharField()
    do = serializers.CharField(help_text="What helps where it is not met.")


class PassedOverOutput(serializers.Serializer[Any]):
    evaluation = serializers.UUIDField()
    why = serializers.CharField()


class StandingOutput(serializers.Serializer[Any]):
    """`state` null: no gate is set. `evaluation` is the one that counts, `passed_over` are newer ones that do not."""

    state = serializers.ChoiceField(list(STATES), allow_null=True)
    evaluation = serializers.UUIDField(allow_null=True)
    set_after = serializers.BooleanField(help_text="The gate was changed after that evaluation had begun.")
    conditions = RulingOutput(many=True)
    passed_over = PassedOverOutput(many=True)


class Gate(APIView):
    @extend_schema(responses=GateOutput)
    def get(self, request: Request, pk: UUID) -> Response:
        """The gate of the dataset; 404 where none is set."""
        gate = gates.of(_dataset(request, pk))
        if gate is None:
            raise Http404
        return Response(GateOutput(gate).data)

    @extend_schema(request=GateInput, responses=GateOutput)
    def put(self, request: Request, pk: UUID) -> Response:
        """Set the gate. Setting what is set already changes nothing."""
        dataset = _dataset(request, pk)
        gate = gates.update(actor=request.user, dataset=dataset, **read(request, GateInput))
        return Response(GateOutput(gate).data)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, pk: UUID) -> Response:
        """Take the gate away: every model may be promoted."""
        gates.clear(actor=request.user, dataset=_dataset(request, pk))
        return Response(status=204)


class ModelGate(APIView):
    @extend_schema(responses=StandingOutput)
    def get(self, request: Request, pk: UUID) -> Response:
        """How the model stands before the gate of its task."""
        standing = gates.state(found_model(request, pk))
        data = {
            "state": standing.state,
            "evaluation": standing.evaluation.pk if standing.evaluation else None,
            "set_after": standing.set_after,
            "conditions": gates.data_of(standing),
            "passed_over": [{"evaluation": one.pk, "why": say(why)} for one, why in standing.passed_over],
        }
        return Response(StandingOutput(data).data)


def _dataset(request: Request, pk: UUID) -> Dataset:
    return get_object_or_404(Dataset.objects.visible_to(request.user).select_related("project"), pk=pk)

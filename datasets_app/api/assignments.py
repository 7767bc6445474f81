"""Who works at what, through the API."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from datasets_app.models import Dataset, Sample
from datasets_app.services import assignments
from ftstudio.accounts.api.serializers import PersonOutput

from .loading import read, visible


class LoadOutput(serializers.Serializer[Any]):
    """A member: `waiting` samples are assigned to them, `sent_back` came back, `percent` of the queue is kept."""

    person = PersonOutput()
    waiting = serializers.IntegerField()
    sent_back = serializers.IntegerField()
    percent = serializers.IntegerField()


class QueueSharesInput(serializers.Serializer[Any]):
    """User name → per cent of the queue that is kept for this person alone; who is left out has none."""

    shares = serializers.DictField(child=serializers.IntegerField(min_value=0, max_value=100))


class AssignInput(serializers.Serializer[Any]):
    """`to`: a user name; empty for nobody."""

    to = serializers.CharField(max_length=150, allow_blank=True)


class AssignedOutput(serializers.Serializer[Any]):
    assigned_to = PersonOutput(allow_null=True)


class AssignmentList(APIView):
    @extend_schema(responses=LoadOutput(many=True))
    def get(self, request: Request, pk: UUID) -> Response:
        """Every member of the dataset's project, with what waits for them."""
        return Response(LoadOutput(assignments.loads(visible(Dataset.objects.all(), request, pk=pk)), many=True).data)

    @extend_schema(request=QueueSharesInput, responses=LoadOutput(many=True))
    def put(self, request: Request, pk: UUID) -> Response:
        """Keep shares of the queue for people, all of them anew."""
        dataset = visible(Dataset.objects.select_related("project"), request, pk=pk)
        assignments.set_shares(actor=request.user, dataset=dataset, **read(QueueSharesInput, request))
        return Response(LoadOutput(assignments.loads(dataset), many=True).data)


class SampleAssign(APIView):
    @extend_schema(request=AssignInput, responses=AssignedOutput)
    def post(self, request: Request, pk: int) -> Response:
        """Give a sample to one person alone, who is told; or to nobody."""
        sample = visible(Sample.objects.select_related("dataset__project"), request, pk=pk)
        now = assignments.assign(actor=request.user, sample=sample, **read(AssignInput, request))
        return Response(AssignedOutput({"assigned_to": now.assigned_to}).data)

"""The list that undo works on, through the API: what I said last in a dataset."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from datasets_app.models import Dataset
from datasets_app.models.decision import Verdict
from datasets_app.services import decisions

from .loading import visible


class GivenOutput(serializers.Serializer[Any]):
    """A verdict of mine that stands. `key` names it for `POST /samples/{id}/undo/`."""

    key = serializers.CharField()
    sample = serializers.IntegerField(source="sample.pk")
    position = serializers.IntegerField(source="sample.position")
    title = serializers.CharField(source="sample.title")
    verdict = serializers.CharField(help_text=", ".join(Verdict.values))
    choice = serializers.CharField()
    reason = serializers.CharField()
    at = serializers.DateTimeField()


class UndoInput(serializers.Serializer[Any]):
    """Without `key` the newest is meant."""

    key = serializers.CharField(max_length=20, required=False, allow_blank=True, default="")


class RecentDecisions(APIView):
    @extend_schema(responses=GivenOutput(many=True))
    def get(self, request: Request, pk: UUID) -> Response:
        """My last ten decisions in the dataset, the newest first. Any of them can be taken back."""
        dataset = visible(Dataset.objects.all(), request, pk=pk)
        return Response(GivenOutput(decisions.recent(actor=request.user, dataset=dataset), many=True).data)

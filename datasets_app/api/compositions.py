"""What the shares of an export come to, through the API."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from datasets_app.core.composing import Amounts
from datasets_app.models import Snapshot
from datasets_app.services import compositions

from .loading import visible


class CompositionInput(serializers.Serializer[Any]):
    """Percent of the file's training rows; without `negatives` all of them stay."""

    contrast = serializers.IntegerField(required=False)
    negatives = serializers.IntegerField(required=False)


class CompositionOutput(serializers.Serializer[Amounts]):
    """The training rows of each kind. The wanted numbers are larger where there are fewer than the share asks for."""

    rows = serializers.IntegerField()
    plain = serializers.IntegerField()
    negatives = serializers.IntegerField()
    contrast = serializers.IntegerField()
    negatives_wanted = serializers.IntegerField()
    contrast_wanted = serializers.IntegerField()


class Composition(APIView):
    @extend_schema(parameters=[CompositionInput], responses=CompositionOutput)
    def get(self, request: Request, pk: UUID) -> Response:
        """What the training part of an export would be composed of, if its format carries each sample in one row."""
        snapshot = visible(Snapshot.objects.all(), request, pk=pk)
        asked = CompositionInput(data=request.query_params)
        asked.is_valid(raise_exception=True)
        return Response(CompositionOutput(compositions.of(snapshot=snapshot, **asked.validated_data)).data)

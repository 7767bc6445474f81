"""The rendered view through the API: a sample's turns as their readers will see them, as safe HTML."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from datasets_app.core import samples as core
from datasets_app.models import Revision, Sample
from datasets_app.services import reading

from .loading import read, visible
from .serializers.fields import MessagesField


class RenderInput(serializers.Serializer[Any]):
    """Parts that are left out are shown as the sample has them now."""

    messages = MessagesField(required=False)
    rejected = MessagesField(required=False)


class ReadTurnOutput(serializers.Serializer[reading.ReadTurn]):
    """`path` is the JSON Pointer of the turn's text; `kind` json, markdown or plain; `html` is safe to show."""

    path = serializers.CharField()
    kind = serializers.CharField()
    html = serializers.CharField()


class SampleRender(APIView):
    @extend_schema(request=RenderInput, responses=ReadTurnOutput(many=True))
    def post(self, request: Request, pk: int) -> Response:
        """The turns of a content as they read, before it is saved."""
        sample = visible(Sample.objects.all(), request, pk=pk)
        now = Revision.objects.get(sample=sample, number=sample.revision_number)
        data = {**core.to_data(core.from_json(now.payload)), **read(RenderInput, request)}
        return Response(ReadTurnOutput(reading.read(data), many=True).data)

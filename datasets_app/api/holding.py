"""Holding samples through the API: what a desk says of the one it shows."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from datasets_app.models import Sample
from datasets_app.services import queue

from .loading import visible


class HeldOutput(serializers.Serializer[Any]):
    """Until when the sample is held for me, unless I say so again."""

    until = serializers.DateTimeField()


def _sample(request: Request, pk: int) -> Sample:
    found: Sample = visible(Sample.objects.select_related("dataset", "leased_by"), request, pk=pk)
    return found


class SampleHold(APIView):
    @extend_schema(request=None, responses=HeldOutput)
    def post(self, request: Request, pk: int) -> Response:
        """Take a sample, or go on holding it; 409 `lease_lost` names who has it."""
        return Response({"until": queue.hold(actor=request.user, sample=_sample(request, pk))})


class SampleShown(APIView):
    @extend_schema(request=None, responses=HeldOutput)
    def post(self, request: Request, pk: int) -> Response:
        """Say that a sample which was fetched ahead is before my eyes now; 409 if somebody else has it by now."""
        return Response({"until": queue.shown(actor=request.user, sample=_sample(request, pk))})


class SampleLetGo(APIView):
    @extend_schema(request=None, responses={204: None})
    def post(self, request: Request, pk: int) -> Response:
        """Give it to whoever asks next, undecided."""
        queue.let_go(actor=request.user, sample=_sample(request, pk))
        return Response(status=204)

"""Two formats through the API: both models asked the same held-out cases, and which is better."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from ftstudio.errors import Conflict, Text
from jobs_app.models import JobFamily
from jobs_app.services import formats

from .comparison_shapes import ComparisonOutput
from .evaluation_shapes import EvaluationOutput


class FormatsOutput(serializers.Serializer[Any]):
    """The newest evaluation of both models, and the second against the first where it has ended."""

    ready = serializers.BooleanField(source="is_ready", help_text="Both models are there, and nobody asks them now.")
    evaluation = EvaluationOutput(allow_null=True)
    comparison = ComparisonOutput(allow_null=True)


def _found(request: Request, pk: UUID) -> JobFamily:
    return get_object_or_404(JobFamily.objects.visible_to(request.user), pk=pk)


class FamilyEvaluate(APIView):
    @extend_schema(responses=FormatsOutput)
    def get(self, request: Request, pk: UUID) -> Response:
        """Where the comparison of a family of two formats stands."""
        now = formats.standing(_found(request, pk))
        if now is None:
            raise Conflict(Text("This is no family of two formats."), code="other_family")
        return Response(FormatsOutput(now).data)

    @extend_schema(request=None, responses={202: EvaluationOutput})
    def post(self, request: Request, pk: UUID) -> Response:
        """Have both models asked the same held-out cases, each in its own format."""
        made = formats.evaluate(actor=request.user, family=_found(request, pk))
        return Response(EvaluationOutput(made).data, status=202)

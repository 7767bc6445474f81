"""Asking a model through the API, whole or piece by piece."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import StreamingHttpResponse
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from ftstudio.web.texts import say
from jobs_app.models import ModelVersion
from jobs_app.services import playground
from jobs_app.services.playground import ARMS, TUNED, Answer


class AskInput(serializers.Serializer[Any]):
    question = serializers.CharField(max_length=playground.LONGEST)
    arm = serializers.ChoiceField(choices=ARMS, default=TUNED, help_text="The tuned model, or the base it came from.")
    system = serializers.CharField(
        required=False, allow_blank=True, max_length=playground.LONGEST, help_text="Instead of the contract's prompt."
    )
    temperature = serializers.FloatField(required=False, min_value=0, max_value=2)
    stream = serializers.BooleanField(
        default=False, help_text="Lines of JSON: {piece} each, at the end {end} or {refused}."
    )


class ProblemOutput(serializers.Serializer[Any]):
    rule = serializers.CharField()
    message = serializers.CharField()


class AskOutput(serializers.Serializer[Any]):
    arm = serializers.ChoiceField(choices=ARMS)
    model = serializers.CharField()
    raw = serializers.CharField(help_text="As it came.")
    text = serializers.CharField(help_text="After the contract's normalisers.")
    value = serializers.JSONField(allow_null=True, help_text="The JSON in it, whichever way it came.")
    came_as = serializers.CharField()
    as_trained = serializers.BooleanField()
    problems = ProblemOutput(many=True)
    finish_reason = serializers.CharField()
    prompt_tokens = serializers.IntegerField(allow_null=True)
    completion_tokens = serializers.IntegerField(allow_null=True)
    cost = serializers.DecimalField(max_digits=12, decimal_places=6, allow_null=True)
    currency = serializers.CharField()
    seconds = serializers.FloatField()


class ModelAsk(APIView):
    @extend_schema(request=AskInput, responses=AskOutput)
    def post(self, request: Request, pk: UUID) -> Response | StreamingHttpResponse:
        """Ask a model as its inference contract says. Of question and answer nothing is stored, only what they cost."""
        rows = ModelVersion.objects.visible_to(request.user).select_related("connection", "job__snapshot")
        version = get_object_or_404(rows, pk=pk)
        data = AskInput(data=request.data)
        data.is_valid(raise_exception=True)
        asked = dict(data.validated_data)
        if asked.pop("stream"):
            pieces = playground.stream(actor=request.user, version=version, **asked)
            return StreamingHttpResponse(playground.as_lines(pieces), content_type="application/x-ndjson")
        return Response(AskOutput(_row(playground.ask(actor=request.user, version=version, **asked))).data)


def _row(answer: Answer) -> dict[str, Any]:
    heard = answer.heard
    return {
        "arm": answer.arm, "model": answer.model, "raw": heard.raw, "text": heard.text, "value": heard.value,
        "came_as": heard.came_as, "as_trained": heard.as_trained,
        "problems": [{"rule": rule, "message": say(text)} for rule, text in heard.problems],
        "finish_reason": answer.finish_reason, "prompt_tokens": answer.prompt_tokens,
        "completion_tokens": answer.completion_tokens, "cost": answer.cost, "currency": answer.currency,
        "seconds": answer.seconds,
    }  # fmt: skip

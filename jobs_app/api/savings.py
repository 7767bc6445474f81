"""What a tuned model saves, through the API."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from ftstudio.web.texts import say
from jobs_app.models import ModelVersion
from jobs_app.services import savings


class SavingsInput(serializers.Serializer[Any]):
    prompt = serializers.CharField(max_length=savings.LONGEST, help_text="What the base model has to be told.")
    answer = serializers.IntegerField(
        required=False, allow_null=True, help_text="Tokens of an answer; left out: the mean of the training answers."
    )


class SavingsOutput(serializers.Serializer[Any]):
    prompt_base = serializers.IntegerField()
    prompt_tuned = serializers.IntegerField()
    saved_tokens = serializers.IntegerField()
    share = serializers.FloatField(help_text="Of the base prompt, 0 to 1.")
    answer = serializers.IntegerField()
    encoder = serializers.CharField()
    exact = serializers.BooleanField()
    saved = serializers.DecimalField(max_digits=20, decimal_places=10, allow_null=True, help_text="Money in each call.")
    calls = serializers.IntegerField(
        allow_null=True, help_text="Until the training is paid back; null with saved: never."
    )
    currency = serializers.CharField()
    missing = serializers.ListField(child=serializers.CharField(), help_text="What is not known, to count in money.")


class ModelSavings(APIView):
    @extend_schema(request=SavingsInput, responses=SavingsOutput)
    def post(self, request: Request, pk: UUID) -> Response:
        rows = ModelVersion.objects.visible_to(request.user).select_related("connection", "job__snapshot")
        version = get_object_or_404(rows, pk=pk)
        data = SavingsInput(data=request.data)
        data.is_valid(raise_exception=True)
        found = savings.savings_of(version, **data.validated_data)
        names = ("prompt_base", "prompt_tuned", "saved_tokens", "share", "answer", "encoder", "exact", "currency")
        row = {
            **{name: getattr(found, name) for name in names},
            "saved": found.money.saved if found.money else None,
            "calls": found.money.calls if found.money else None,
            "missing": [say(text) for text in found.missing],
        }
        return Response(SavingsOutput(row).data)

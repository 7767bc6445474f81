"""What is advised for a job's settings, and what it will come to, in JSON."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from ftstudio.errors import InvalidInput, Text
from ftstudio.web.texts import say
from jobs_app.services.estimating import estimate_of
from jobs_app.services.recommendations import confirmed, recommendation_of

from .jobs import found

MOST_STEPS = 10_000_000


class Said(serializers.CharField):
    """A sentence in the reader's language."""

    def to_representation(self, value: str) -> str:
        return say(value)


class SettingOpinion(serializers.Serializer[Any]):
    source = Said()
    value = serializers.JSONField()


class SettingAdvice(serializers.Serializer[Any]):
    name = serializers.CharField()
    value = serializers.JSONField(allow_null=True, help_text="null: leave it to the provider.")
    low = serializers.FloatField(allow_null=True)
    high = serializers.FloatField(allow_null=True)
    reason = Said()
    source = Said()
    confidence = serializers.CharField(help_text="high, medium or low.")
    others = SettingOpinion(many=True, help_text="Sources that disagree.")
    extra = serializers.BooleanField(help_text="A setting by the provider's own name; it goes into recipe.extras.")


class ComesTo(serializers.Serializer[Any]):
    rows = serializers.IntegerField(help_text="Training rows after the split.")
    epochs = serializers.IntegerField()
    batch_size = serializers.IntegerField()
    updates_per_epoch = serializers.IntegerField()
    updates = serializers.IntegerField(help_text="ceil(rows / batch_size) × epochs.")
    exposures = serializers.IntegerField(help_text="rows × epochs.")
    warmup_updates = serializers.IntegerField(allow_null=True)
    tokens = serializers.IntegerField(allow_null=True)
    scale = serializers.FloatField(allow_null=True, help_text="alpha / rank")
    root_scale = serializers.FloatField(allow_null=True, help_text="alpha / √rank")


class RecipeBatch(serializers.Serializer[Any]):
    size = serializers.IntegerField()
    per_epoch = serializers.IntegerField()
    updates = serializers.IntegerField()
    passes = serializers.FloatField(allow_null=True, help_text="How often each row is shown in the steps asked about.")


class GuardOutput(serializers.Serializer[Any]):
    id = serializers.CharField()
    text = Said()
    setting = serializers.CharField()
    asks = serializers.BooleanField(help_text="The launch waits until it is confirmed.")
    confirmed = serializers.SerializerMethodField()

    def get_confirmed(self, guard: Any) -> bool:
        return guard.key in self.context["confirmed"]


class SizeOutput(serializers.Serializer[Any]):
    state = serializers.CharField(help_text="few, some or enough.")
    rows = serializers.IntegerField()
    some = serializers.IntegerField(source="amount.some")
    enough = serializers.IntegerField(source="amount.enough")
    text = Said()
    source = Said(source="amount.source")


class RecommendationOutput(serializers.Serializer[Any]):
    values = serializers.DictField(help_text="A recipe of what is recommended.")
    settings = SettingAdvice(many=True, source="advised")
    comes_to = ComesTo(help_text="The present recipe.")
    batches = RecipeBatch(many=True)
    guards = GuardOutput(many=True)
    size = SizeOutput()
    validation = Said()


class JobRecommendation(APIView):
    @extend_schema(
        parameters=[OpenApiParameter("steps", int, description="Show how often each row is shown in so many steps.")],
        responses=RecommendationOutput,
    )
    def get(self, request: Request, pk: UUID) -> Response:
        job = found(request, pk)
        given = recommendation_of(job, steps=_steps(request.query_params.get("steps", "")))
        return Response(RecommendationOutput(given, context={"confirmed": confirmed(job)}).data)


class JobEstimate(APIView):
    @extend_schema(
        responses={
            200: serializers.DictField(
                help_text="tokens, updates, exposures, epochs, batch_size, cost (cost_low, cost_high: as past jobs)"
                ", currency, price, seconds, provider (its own quote), assumed. Empty without data."
            )
        }
    )
    def get(self, request: Request, pk: UUID) -> Response:
        """What the job comes to as it stands; for one that has been launched, see its own `estimate`."""
        return Response(estimate_of(found(request, pk)))


def _steps(text: str) -> int | None:
    if not text:
        return None
    if not text.isdecimal() or not 1 <= int(text[:9]) <= MOST_STEPS:
        raise InvalidInput(steps=Text("Give a whole number from 1 to {most}.", most=MOST_STEPS))
    return int(text[:9])

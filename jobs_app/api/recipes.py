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


class EstimatePrice(serializers.Serializer[Any]):
    amount = serializers.CharField(help_text="For a million tokens.")
    source = serializers.CharField()
    valid_from = serializers.DateField(allow_null=True)
    confirmed = serializers.BooleanField()


class EstimateMiss(serializers.Serializer[Any]):
    """The cost of past jobs divided by what was estimated for them."""

    low = serializers.FloatField()
    high = serializers.FloatField()
    jobs = serializers.IntegerField(help_text="How many they were.")


class JobEstimateOutput(serializers.Serializer[Any]):
    """What a job will come to. `{}` without data; null where nothing can be told."""

    tokens = serializers.IntegerField(required=False, allow_null=True, help_text="Trained in all epochs.")
    mixed_tokens = serializers.IntegerField(required=False, help_text="Within them: of the provider's own data.")
    evaluation_tokens = serializers.IntegerField(required=False, help_text="Within them: of paid evaluations.")
    exact = serializers.BooleanField(required=False, help_text="Counted by the model's own vocabulary.")
    updates = serializers.IntegerField(required=False, allow_null=True)
    warmup_updates = serializers.IntegerField(required=False, allow_null=True)
    exposures = serializers.IntegerField(required=False, allow_null=True)
    epochs = serializers.IntegerField(required=False, allow_null=True)
    batch_size = serializers.IntegerField(required=False, allow_null=True)
    scale = serializers.FloatField(required=False, allow_null=True)
    root_scale = serializers.FloatField(required=False, allow_null=True)
    cost = serializers.CharField(required=False, allow_null=True)
    cost_low = serializers.CharField(required=False, allow_null=True, help_text="As far off as past estimates were.")
    cost_high = serializers.CharField(required=False, allow_null=True)
    currency = serializers.CharField(required=False, allow_blank=True)
    price = EstimatePrice(required=False, allow_null=True)
    miss = EstimateMiss(required=False, allow_null=True)
    seconds = serializers.FloatField(required=False, allow_null=True, help_text="As past jobs took.")
    seconds_low = serializers.FloatField(required=False, allow_null=True)
    seconds_high = serializers.FloatField(required=False, allow_null=True)
    pace_jobs = serializers.IntegerField(required=False, help_text="How many past jobs `seconds` comes from.")
    provider = serializers.DictField(
        required=False, allow_null=True, help_text="Its own quote: cost, currency, tokens."
    )
    assumed = serializers.ListField(
        child=serializers.CharField(), required=False, help_text="Settings that the provider will choose itself."
    )


class GuardOutput(serializers.Serializer[Any]):
    id = serializers.CharField()
    text = Said()
    setting = serializers.CharField()
    asks = serializers.BooleanField(help_text="The launch waits until it is confirmed.")
    confirmed = serializers.SerializerMethodField()

    def get_confirmed(self, guard: Any) -> bool:
        return guard.key in self.context["confirmed"]


class RowsAdvice(serializers.Serializer[Any]):
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
    size = RowsAdvice()
    validation = Said()
    share = Said(allow_null=True, help_text="Which share of the weights is trained; null: there is no adapter.")


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
    @extend_schema(responses=JobEstimateOutput)
    def get(self, request: Request, pk: UUID) -> Response:
        """What the job comes to as it stands; for one that has been launched, see its own `estimate`."""
        return Response(estimate_of(found(request, pk)))


def _steps(text: str) -> int | None:
    if not text:
        return None
    if not text.isdecimal() or not 1 <= int(text[:9]) <= MOST_STEPS:
        raise InvalidInput(steps=Text("Give a whole number from 1 to {most}.", most=MOST_STEPS))
    return int(text[:9])

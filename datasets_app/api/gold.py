"""Hidden checks through the API; only for those who manage them, for nobody else is to know."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from datasets_app.models import Dataset, Gold, Sample
from datasets_app.services import gold
from ftstudio.accounts.api.serializers import PersonOutput

from .loading import ApiCursor, read, visible


class GoldOutput(serializers.ModelSerializer[Gold]):
    """People are shown revision `shown` and should come to `verdict`; `asked` and `right` count their answers."""

    by = PersonOutput()
    asked = serializers.IntegerField()
    right = serializers.IntegerField()

    class Meta:
        model = Gold
        fields = ("id", "sample", "shown", "verdict", "note", "active", "by", "at", "asked", "right")


class GoldInput(serializers.Serializer[Any]):
    """`shown`: the revision that people are given, the first one if left out."""

    shown = serializers.IntegerField(min_value=1, max_value=999_999, required=False, allow_null=True, default=None)
    note = serializers.CharField(max_length=300, required=False, allow_blank=True, default="")


class RateInput(serializers.Serializer[Any]):
    """Of a hundred samples that are given out, so many are hidden checks."""

    rate = serializers.IntegerField()


class AccuracyOutput(serializers.Serializer[Any]):
    """`right` of `n` checks; `low` and `high` bound the share with 95 % (Wilson)."""

    person = PersonOutput()
    n = serializers.IntegerField()
    right = serializers.IntegerField()
    share = serializers.FloatField()
    low = serializers.FloatField()
    high = serializers.FloatField()


class GoldCursor(ApiCursor):
    ordering = ("-active", "id")


class GoldList(ListAPIView[Gold]):
    """A dataset's hidden checks, those in use first."""

    serializer_class = GoldOutput
    pagination_class = GoldCursor
    queryset = Gold.objects.none()

    def get_queryset(self) -> QuerySet[Gold]:
        dataset = visible(Dataset.objects.all(), self.request, pk=self.kwargs["pk"])
        return gold.listed(actor=self.request.user, dataset=dataset)  # type: ignore[arg-type]

    @extend_schema(request=RateInput, responses=RateInput)
    def patch(self, request: Request, pk: UUID) -> Response:
        """How often they come."""
        dataset = visible(Dataset.objects.select_related("project"), request, pk=pk)
        changed = gold.set_rate(actor=request.user, dataset=dataset, **read(RateInput, request))
        return Response({"rate": changed.gold_rate})


class GoldAccuracy(APIView):
    @extend_schema(responses=AccuracyOutput(many=True))
    def get(self, request: Request, pk: UUID) -> Response:
        """How many of the known answers each person came to."""
        dataset = visible(Dataset.objects.all(), request, pk=pk)
        gold.listed(actor=request.user, dataset=dataset)
        return Response(AccuracyOutput(gold.accuracy(dataset), many=True).data)


class SampleGold(APIView):
    @extend_schema(request=GoldInput, responses={201: GoldOutput})
    def post(self, request: Request, pk: int) -> Response:
        """Make a decided sample a hidden check: what it says now is right."""
        sample = visible(Sample.objects.select_related("dataset__project"), request, pk=pk)
        made = gold.mark(actor=request.user, sample=sample, **read(GoldInput, request))
        return Response(_shown(request, made), status=201)


class GoldDetail(APIView):
    @extend_schema(responses=GoldOutput)
    def get(self, request: Request, pk: int) -> Response:
        """One hidden check."""
        return Response(_shown(request, visible(Gold.objects.select_related("dataset"), request, pk=pk)))

    @extend_schema(responses={204: None})
    def delete(self, request: Request, pk: int) -> Response:
        """Give it out no more; the answers to it still count."""
        check = visible(Gold.objects.select_related("dataset__project", "sample"), request, pk=pk)
        gold.retire(actor=request.user, gold=check)
        return Response(status=204)


def _shown(request: Request, check: Gold) -> Any:
    return GoldOutput(gold.listed(actor=request.user, dataset=check.dataset).get(pk=check.pk)).data  # type: ignore[arg-type]

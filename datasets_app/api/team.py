"""The lead's figures through the API."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from datasets_app.core.agreement import Coefficient
from datasets_app.models import Dataset
from datasets_app.services import agreement, team
from ftstudio.accounts.api.serializers import PersonOutput
from ftstudio.errors import InvalidInput, Listed, Text
from ftstudio.web.texts import say

from .gold import AccuracyOutput
from .loading import visible


class CountsField(serializers.DictField):
    child = serializers.IntegerField()


class FigureOutput(serializers.Serializer[Any]):
    """Agreement beyond chance with its 95 % bootstrap interval; `value` is null where `why` says so."""

    value = serializers.FloatField(allow_null=True)
    low = serializers.FloatField(allow_null=True)
    high = serializers.FloatField(allow_null=True)
    observed = serializers.FloatField(allow_null=True, help_text="Plain agreement, 0 to 1.")
    units = serializers.IntegerField()
    ratings = serializers.IntegerField()
    why = serializers.SerializerMethodField()

    def get_why(self, figure: Coefficient) -> str:
        return say(figure.why) if figure.why else ""


class PairOutput(serializers.Serializer[Any]):
    people = serializers.ListField(child=serializers.IntegerField(), help_text="Ids of the two people.")
    figure = FigureOutput()


class NamedFigureOutput(serializers.Serializer[Any]):
    name = serializers.CharField()
    figure = FigureOutput()


class ReviewedOutput(serializers.Serializer[Any]):
    person = serializers.IntegerField()
    n = serializers.IntegerField()
    upheld = serializers.IntegerField()
    low = serializers.FloatField()
    high = serializers.FloatField()


class AgreementOutput(serializers.Serializer[Any]):
    """By measure; by pair of people, value and week of the `main` measure; and what reviewers let stand."""

    samples = serializers.IntegerField()
    of = serializers.IntegerField()
    main = serializers.CharField()
    figures = serializers.DictField(child=FigureOutput())
    fleiss = FigureOutput(allow_null=True)
    pairs = PairOutput(many=True)
    labels = NamedFigureOutput(many=True)
    weeks = NamedFigureOutput(many=True)
    reviewed = ReviewedOutput(many=True)


class AgreementReport(APIView):
    @extend_schema(responses=AgreementOutput)
    def get(self, request: Request, pk: UUID) -> Response:
        """How far people agree where several worked at one sample apart."""
        found = agreement.of(actor=request.user, dataset=visible(Dataset.objects.all(), request, pk=pk))
        shown = {
            "samples": found.samples, "of": found.of, "main": found.main, "figures": found.figures,
            "fleiss": found.fleiss, "reviewed": found.reviewed,
            "pairs": [{"people": list(pair), "figure": figure} for pair, figure in found.pairs.items()],
            "labels": [{"name": name, "figure": figure} for name, figure in found.labels.items()],
            "weeks": [{"name": monday.isoformat(), "figure": figure} for monday, figure in found.weeks.items()],
        }  # fmt: skip
        return Response(AgreementOutput(shown).data)


class LineOutput(serializers.Serializer[Any]):
    person = PersonOutput()
    n = serializers.IntegerField(source="pace.n")
    seconds = serializers.FloatField(source="pace.seconds", allow_null=True, help_text="Median of one act.")
    per_hour = serializers.FloatField(source="pace.per_hour", allow_null=True)
    days = serializers.IntegerField(source="pace.days")
    verdicts = CountsField(source="pace.verdicts")
    last = serializers.DateTimeField(source="pace.last")
    sent_back = serializers.IntegerField()
    gold = AccuracyOutput(allow_null=True)


class ForecastOutput(serializers.Serializer[Any]):
    per_day = serializers.FloatField()
    days = serializers.IntegerField()
    least = serializers.IntegerField()
    most = serializers.IntegerField()


class HintOutput(serializers.Serializer[Any]):
    kind = serializers.ChoiceField(("quick", "burst"))
    person = serializers.IntegerField()
    n = serializers.IntegerField()
    of = serializers.IntegerField()


class WeekOutput(serializers.Serializer[Any]):
    monday = serializers.DateField()
    decided = serializers.IntegerField()
    found = serializers.IntegerField()
    low = serializers.FloatField()
    high = serializers.FloatField()


class TeamOutput(serializers.Serializer[Any]):
    """The work of the last `days` days; statuses and labels are of all samples."""

    days = serializers.IntegerField()
    total = serializers.IntegerField()
    statuses = CountsField()
    labels = CountsField()
    lines = LineOutput(many=True)
    per_day = CountsField(help_text="Date → decisions and annotations.")
    forecast = ForecastOutput(allow_null=True)
    waiting = serializers.IntegerField()
    hints = HintOutput(many=True)
    weeks = WeekOutput(many=True)
    causes = CountsField()
    to_do = serializers.IntegerField()
    cut = serializers.BooleanField()


class TeamReport(APIView):
    @extend_schema(
        responses=TeamOutput,
        parameters=[OpenApiParameter("days", OpenApiTypes.INT, description="7, 30 or 90; 30 when left out.")],
    )
    def get(self, request: Request, pk: UUID) -> Response:
        """How far the work is, how fast it goes, and what people stumble over."""
        dataset = visible(Dataset.objects.all(), request, pk=pk)
        asked = request.query_params.get("days", "30")
        if asked not in {str(days) for days in team.PERIODS}:
            raise InvalidInput(days=Text("Choose one of {known}.", known=Listed(str(days) for days in team.PERIODS)))
        report = team.report(actor=request.user, dataset=dataset, days=int(asked))
        names = (
            "days",
            "total",
            "statuses",
            "labels",
            "lines",
            "forecast",
            "waiting",
            "weeks",
            "causes",
            "to_do",
            "cut",
        )
        shown = {name: getattr(report, name) for name in names}
        shown["per_day"] = {day.isoformat(): n for day, n in report.per_day.items()}
        shown["hints"] = [hint for _, hint in report.hints]
        return Response(TeamOutput(shown).data)

"""Curves through the API: verdicts, tables of figures, imported runs, several runs side by side."""

from __future__ import annotations

import math
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import generics, serializers
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from ftstudio.accounts.models import Project
from ftstudio.web.texts import say
from jobs_app.models import ImportedRun
from jobs_app.services import readings, runs
from jobs_app.services.readings import Reading

from . import serializers as shapes
from .connections import NewestFirst
from .jobs import found, read

CSV = {(200, "text/csv"): OpenApiTypes.STR}
CHOSEN = [
    OpenApiParameter("job", str, many=True, description="Ids of jobs; with `run` two to eight in all."),
    OpenApiParameter("run", str, many=True, description="Ids of imported runs."),
]


class AsItIs(BaseContentNegotiation):
    """For tables: they have one form, whatever the client says that it accepts."""

    def select_parser(self, request: Request, parsers: Any) -> Any:
        return parsers[0]

    def select_renderer(self, request: Request, renderers: Any, format_suffix: str | None = None) -> Any:
        return renderers[0], renderers[0].media_type


class MeasureOutput(serializers.Serializer[Any]):
    name = serializers.CharField()
    label = serializers.SerializerMethodField()
    value = serializers.SerializerMethodField()
    unit = serializers.CharField(help_text="% , nats, or empty for a plain number.")
    sign = serializers.CharField()
    threshold = serializers.FloatField(allow_null=True)
    met = serializers.BooleanField(allow_null=True)
    series = serializers.CharField()
    points = serializers.SerializerMethodField(help_text="[[step, value], …] that it rests on.")

    def get_label(self, measure: Any) -> str:
        return say(measure.label)

    def get_value(self, measure: Any) -> float | None:
        return measure.value if measure.value is not None and math.isfinite(measure.value) else None

    def get_points(self, measure: Any) -> list[list[float | None]]:
        return [[step, value if math.isfinite(value) else None] for step, value in measure.points]


class ProposalOutput(serializers.Serializer[Any]):
    name = serializers.CharField(help_text="What `next` is asked for by.")
    label = serializers.SerializerMethodField()
    reason = serializers.SerializerMethodField()
    changes = serializers.DictField()
    before = serializers.DictField()
    scale = serializers.SerializerMethodField()

    def get_label(self, proposal: Any) -> str:
        return say(proposal.label)

    def get_reason(self, proposal: Any) -> str:
        return say(proposal.reason)

    def get_scale(self, proposal: Any) -> str:
        return say(proposal.scale) if proposal.scale else ""


class StopOutput(serializers.Serializer[Any]):
    step = serializers.IntegerField()
    best = serializers.IntegerField()
    lowest = serializers.FloatField()


class ScoreOutput(serializers.Serializer[Any]):
    """A rate from 0 to 1 at a step, with its 95 % interval, over `n` cases."""

    step = serializers.IntegerField()
    value = serializers.FloatField()
    low = serializers.FloatField(allow_null=True)
    high = serializers.FloatField(allow_null=True)
    n = serializers.IntegerField(allow_null=True)


class VerdictOutput(serializers.Serializer[Any]):
    """`kind` is empty while there is nothing to judge."""

    kind = serializers.CharField()
    word = serializers.CharField()
    why = serializers.CharField()
    advice = serializers.CharField()
    grade = serializers.CharField(help_text="E0 to E3: how much the validation loss can carry.")
    suspected = serializers.BooleanField()
    series = serializers.CharField()
    best_step = serializers.IntegerField(allow_null=True)
    preferred_step = serializers.IntegerField(allow_null=True)
    missing = serializers.CharField(help_text="What would settle it.")
    hints = serializers.ListField(child=serializers.CharField(), help_text="Rules of thumb; they decide nothing.")
    measures = MeasureOutput(many=True)
    early_stop = StopOutput(allow_null=True)
    evaluation = serializers.UUIDField(allow_null=True, help_text="The one that `scores` are from.")
    metric = serializers.CharField(help_text="Of the scores.")
    scores = ScoreOutput(many=True, help_text="The task's own metric at the checkpoints.")
    next = ProposalOutput(many=True)


def said_of(reading: Reading) -> dict[str, Any]:
    """What `VerdictOutput` writes."""
    verdict, marked = reading.verdict, reading.marked
    scored = {
        "evaluation": marked.evaluation if marked else None,
        "metric": marked.metric if marked else "",
        "scores": reading.marks,
    }
    if verdict is None:
        empty = dict.fromkeys(("kind", "word", "why", "advice", "grade", "series", "missing"), "")
        nothing: dict[str, Any] = {"suspected": False, "best_step": None, "preferred_step": None, "early_stop": None}
        return {**empty, **nothing, **scored, "hints": [], "measures": [], "next": []}
    return {
        "kind": verdict.kind,
        "word": say(verdict.word),
        "why": say(verdict.why),
        "advice": say(verdict.advice),
        "grade": verdict.grade,
        "suspected": verdict.suspected,
        "series": verdict.series,
        "best_step": verdict.best,
        "preferred_step": verdict.prefer,
        "missing": say(verdict.missing) if verdict.missing else "",
        "hints": [say(hint) for hint in verdict.hints],
        "measures": verdict.measures,
        "early_stop": reading.stop,
        **scored,
        "next": readings.proposals_of(reading),
    }


class NextRunInput(serializers.Serializer[Any]):
    proposal = serializers.CharField(max_length=40, help_text="The name of one of `next` in the job's verdict.")


class RunOutput(serializers.ModelSerializer[ImportedRun]):
    columns = serializers.DictField(child=serializers.CharField(), read_only=True)
    recipe = serializers.DictField(read_only=True)

    class Meta:
        model = ImportedRun
        fields = (
            "id", "project", "name", "note", "source", "sha256", "columns", "counted_in", "steps", "figures", "recipe",
            "rows_train", "rows_validation", "epochs", "created_at",
        )  # fmt: skip
        read_only_fields = fields


class RunInput(serializers.Serializer[Any]):
    project = shapes.Visible(queryset=Project.objects.all())
    name = serializers.CharField(max_length=200)
    file = serializers.FileField(help_text="CSV with a header, a step or an epoch in each row.")
    columns = serializers.JSONField(required=False, help_text="Header → figure, where the headers do not say it.")
    recipe = serializers.JSONField(required=False, help_text="Settings by name, for comparison.")
    note = serializers.CharField(max_length=300, required=False, allow_blank=True, default="")
    rows_train = serializers.IntegerField(min_value=0, max_value=2**31 - 1, required=False, allow_null=True)
    rows_validation = serializers.IntegerField(min_value=0, max_value=2**31 - 1, required=False, allow_null=True)
    epochs = serializers.FloatField(required=False, allow_null=True)

    def _mapping(self, value: Any) -> dict[str, Any]:
        if not isinstance(value, dict) or not all(isinstance(key, str) for key in value):
            raise serializers.ValidationError("Give an object.")
        return value

    def validate_columns(self, value: Any) -> dict[str, str]:
        return {key: str(name) for key, name in self._mapping(value).items()}

    def validate_recipe(self, value: Any) -> dict[str, Any]:
        return self._mapping(value)


class JobVerdict(APIView):
    @extend_schema(responses=VerdictOutput)
    def get(self, request: Request, pk: UUID) -> Response:
        """What the curves of the job allow to be said, with the numbers behind it and what to try next."""
        return Response(VerdictOutput(said_of(readings.of_job(found(request, pk)))).data)


class JobNext(APIView):
    @extend_schema(request=NextRunInput, responses={201: shapes.JobOutput})
    def post(self, request: Request, pk: UUID) -> Response:
        """A draft with one of the changes that the verdict proposes."""
        job = found(request, pk)
        twin = runs.try_next(actor=request.user, job=job, **read(request, NextRunInput))
        return Response(shapes.JobOutput(twin).data, status=201)


class JobCurve(APIView):
    content_negotiation_class = AsItIs

    @extend_schema(responses=CSV)
    def get(self, request: Request, pk: UUID) -> HttpResponse:
        """Every figure of the job as CSV."""
        return _csv(runs.csv_of(readings.of_job(found(request, pk))))


class RunList(generics.ListAPIView[ImportedRun]):
    """Curves of runs made elsewhere, newest first."""

    serializer_class = RunOutput
    pagination_class = NewestFirst
    parser_classes = (MultiPartParser,)
    queryset = ImportedRun.objects.none()

    def get_queryset(self) -> QuerySet[ImportedRun]:
        return ImportedRun.objects.visible_to(self.request.user).defer("points")

    @extend_schema(request={"multipart/form-data": RunInput}, responses={201: RunOutput})
    def post(self, request: Request) -> Response:
        """Import a curve."""
        given = read(request, RunInput)
        file = given.pop("file")
        run = runs.receive(actor=request.user, content=file.read(), source=file.name or "", **given)
        return Response(RunOutput(run).data, status=201)


class RunDetail(APIView):
    @extend_schema(responses=RunOutput)
    def get(self, request: Request, pk: UUID) -> Response:
        return Response(RunOutput(_run(request, pk)).data)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, pk: UUID) -> Response:
        runs.delete(actor=request.user, run=_run(request, pk))
        return Response(status=204)


class RunVerdict(APIView):
    @extend_schema(responses=VerdictOutput)
    def get(self, request: Request, pk: UUID) -> Response:
        """What the imported curve allows to be said."""
        return Response(VerdictOutput(said_of(readings.of_run(_run(request, pk)))).data)


class RunCurve(APIView):
    content_negotiation_class = AsItIs

    @extend_schema(responses=CSV)
    def get(self, request: Request, pk: UUID) -> HttpResponse:
        """Every figure of the imported curve as CSV."""
        return _csv(runs.csv_of(readings.of_run(_run(request, pk))))


class ComparedOutput(serializers.Serializer[Any]):
    noun = serializers.CharField(help_text="job or run")
    id = serializers.UUIDField()
    name = serializers.CharField()
    verdict = VerdictOutput()
    cost = serializers.DecimalField(max_digits=12, decimal_places=4, allow_null=True)
    currency = serializers.CharField()
    seconds = serializers.FloatField(allow_null=True)


class SettingOutput(serializers.Serializer[Any]):
    name = serializers.CharField()
    values = serializers.ListField(help_text="Run by run; null where a run does not have it.")
    differs = serializers.BooleanField()


class Comparison(serializers.Serializer[Any]):
    runs = ComparedOutput(many=True)
    settings = SettingOutput(many=True)


class RunCompare(APIView):
    @extend_schema(parameters=CHOSEN, responses=Comparison)
    def get(self, request: Request) -> Response:
        """Two to eight jobs and imported runs: their verdicts, what they cost, and their settings."""
        several = _several(request)
        compared = [
            {
                "noun": reading.noun,
                "id": reading.row.pk,
                "name": reading.name,
                "verdict": said_of(reading),
                "cost": reading.row.cost if reading.noun == "job" else None,
                "currency": reading.row.currency if reading.noun == "job" else "",
                "seconds": readings.seconds_of(reading),
            }
            for reading in several
        ]
        return Response(Comparison({"runs": compared, "settings": readings.settings_of(several)}).data)


class RunCompareCurve(APIView):
    content_negotiation_class = AsItIs

    @extend_schema(parameters=CHOSEN, responses=CSV)
    def get(self, request: Request) -> HttpResponse:
        """The figures of two to eight runs as one CSV table."""
        return _csv(runs.csv_of_several(_several(request)))


def _several(request: Request) -> list[Reading]:
    asked = request.query_params
    return readings.several(actor=request.user, jobs=asked.getlist("job"), runs=asked.getlist("run"))


def _run(request: Request, pk: UUID) -> ImportedRun:
    rows = ImportedRun.objects.visible_to(request.user).select_related("project")
    run: ImportedRun = get_object_or_404(rows, pk=pk)
    return run


def _csv(content: str) -> HttpResponse:
    return HttpResponse(content, content_type="text/csv; charset=utf-8")

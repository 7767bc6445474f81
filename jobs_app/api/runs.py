"""Curves through the API: verdicts, tables of figures, imported runs, several runs side by side."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import generics
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from jobs_app.models import ImportedRun
from jobs_app.services import readings, runs
from jobs_app.services.readings import Reading

from . import serializers as shapes
from .connections import NewestFirst
from .jobs import found, read
from .run_shapes import Comparison, NextRunInput, RunInput, RunOutput, VerdictOutput, said_of

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

"""Jobs through the API: the same services as the pages, in JSON."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import generics
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from ftstudio.errors import InvalidInput, Listed, Text
from ftstudio.web.pagination import ApiCursor
from jobs_app.core import lifecycle
from jobs_app.core.preflight import blockers
from jobs_app.models import Checkpoint, Job, JobEvent, JobMetric
from jobs_app.services import boards, jobs

from . import serializers as shapes
from .connections import NewestFirst


class ByStep(ApiCursor):
    ordering = ("step", "pk")


class OldestFirst(ApiCursor):
    ordering = ("pk",)


def found(request: Request, pk: UUID) -> Job:
    rows = Job.objects.visible_to(request.user).select_related("connection", "snapshot__dataset", "project")
    return get_object_or_404(rows, pk=pk)


def read(request: Request, shape: type[Any]) -> dict[str, Any]:
    data = shape(data=request.data, context={"request": request})
    data.is_valid(raise_exception=True)
    return dict(data.validated_data)


class JobList(generics.ListAPIView[Job]):
    serializer_class = shapes.JobOutput
    pagination_class = NewestFirst
    queryset = Job.objects.none()

    def get_queryset(self) -> QuerySet[Job]:
        rows = Job.objects.visible_to(self.request.user).select_related("connection").defer("connection__credential")
        if state := self.request.query_params.get("state"):
            if state not in lifecycle.STATES:
                known = Listed(lifecycle.STATES)
                raise InvalidInput(state=Text("“{value}” is not one of {known}.", value=state[:60], known=known))
            rows = rows.filter(state=state)
        return boards.narrowed(rows, boards.Wanted.of(self.request.query_params))

    @extend_schema(
        parameters=[
            OpenApiParameter("state", str, description="Only jobs in this state."),
            OpenApiParameter("group", str, enum=list(boards.GROUPS), description="Only jobs in states of this group."),
            OpenApiParameter("kind", str, description="Only of this provider."),
            OpenApiParameter("connection", UUID),
            OpenApiParameter("base", str, description="Only of this base model."),
            OpenApiParameter("by", str, description="Only of the person with this username."),
            OpenApiParameter("dataset", UUID),
            OpenApiParameter("family", UUID),
            OpenApiParameter("month", str, description="Launched in this month, as 2026-11."),
            OpenApiParameter("q", str, description="Part of the name or of the base model."),
        ]
    )
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().get(request, *args, **kwargs)

    @extend_schema(request=shapes.JobInput, responses={201: shapes.JobOutput})
    def post(self, request: Request) -> Response:
        job = jobs.create(actor=request.user, **read(request, shapes.JobInput))
        return Response(shapes.JobOutput(job).data, status=201)


class JobDetail(APIView):
    @extend_schema(responses=shapes.JobOutput)
    def get(self, request: Request, pk: UUID) -> Response:
        return Response(shapes.JobOutput(found(request, pk)).data)

    @extend_schema(request=shapes.JobChange, responses=shapes.JobOutput)
    def patch(self, request: Request, pk: UUID) -> Response:
        job = found(request, pk)
        changes = read(request, shapes.JobChange)
        return Response(shapes.JobOutput(jobs.update(actor=request.user, job=job, **changes)).data)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, pk: UUID) -> Response:
        """Throw a draft away; 409 once it has been launched."""
        jobs.delete(actor=request.user, job=found(request, pk))
        return Response(status=204)


class JobPreflight(APIView):
    @extend_schema(responses=shapes.Preflight)
    def get(self, request: Request, pk: UUID) -> Response:
        items = jobs.preflight(found(request, pk))
        return Response(shapes.Preflight({"ready": not blockers(items), "items": items}).data)


class JobLaunch(APIView):
    scope = "jobs"

    @extend_schema(request=shapes.JobLaunchInput, responses={202: shapes.JobOutput})
    def post(self, request: Request, pk: UUID) -> Response:
        job = found(request, pk)
        launched = jobs.launch(actor=request.user, job=job, **read(request, shapes.JobLaunchInput))
        return Response(shapes.JobOutput(launched).data, status=202)


class JobCancel(APIView):
    scope = "jobs"

    @extend_schema(request=None, responses={202: shapes.JobOutput})
    def post(self, request: Request, pk: UUID) -> Response:
        return Response(shapes.JobOutput(jobs.cancel(actor=request.user, job=found(request, pk))).data, status=202)


class JobPause(APIView):
    scope = "jobs"

    @extend_schema(request=None, responses={202: shapes.JobOutput})
    def post(self, request: Request, pk: UUID) -> Response:
        return Response(shapes.JobOutput(jobs.pause(actor=request.user, job=found(request, pk))).data, status=202)


class JobResume(APIView):
    scope = "jobs"

    @extend_schema(request=None, responses={202: shapes.JobOutput})
    def post(self, request: Request, pk: UUID) -> Response:
        return Response(shapes.JobOutput(jobs.resume(actor=request.user, job=found(request, pk))).data, status=202)


class JobClone(APIView):
    @extend_schema(request=shapes.JobChange, responses={201: shapes.JobOutput})
    def post(self, request: Request, pk: UUID) -> Response:
        job = found(request, pk)
        twin = jobs.clone(actor=request.user, job=job, **read(request, shapes.JobChange))
        return Response(shapes.JobOutput(twin).data, status=201)


class OfJob(generics.ListAPIView[Any]):
    """What a provider reported of one job."""

    def get_queryset(self) -> QuerySet[Any]:
        if getattr(self, "swagger_fake_view", False):
            return self.queryset.none()  # type: ignore[union-attr]
        return self.queryset.filter(job=found(self.request, self.kwargs["pk"]))  # type: ignore[union-attr]


class JobEvents(OfJob):
    queryset = JobEvent.objects.all()
    serializer_class = shapes.EventOutput
    pagination_class = OldestFirst


class JobMetrics(OfJob):
    queryset = JobMetric.objects.all()
    serializer_class = shapes.MetricOutput
    pagination_class = ByStep


class JobCheckpoints(OfJob):
    queryset = Checkpoint.objects.all()
    serializer_class = shapes.CheckpointOutput
    pagination_class = ByStep

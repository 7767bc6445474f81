"""The dashboard for scripts: queues, spending, what wants a person, and trying again."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from ftstudio import heart
from ftstudio.accounts.models import Project
from ftstudio.web.texts import from_line, say
from jobs_app.models import Job
from jobs_app.services import alerts, boards, budgets, hosting, lines, retries, spending
from jobs_app.services.stuck import stuck

from .jobs import found
from .serializers import JobOutput

PROJECT = [OpenApiParameter("project", str, description="The project's id; may be left out by who has one only.")]


class PlaceOutput(serializers.Serializer[Any]):
    job = serializers.UUIDField(source="job.pk")
    name = serializers.CharField(source="job.name")
    held = serializers.BooleanField()
    why = serializers.SerializerMethodField(help_text="Why it waits.")

    def get_why(self, place: lines.Place) -> str | None:
        return None if place.why is None else say(place.why)


class QueueOutput(serializers.Serializer[Any]):
    connection = serializers.UUIDField(source="connection.pk")
    name = serializers.CharField(source="connection.name")
    stopped = serializers.CharField(source="connection.stopped", help_text='"", auth, quota or closed.')
    taken = serializers.IntegerField()
    limit = serializers.IntegerField(allow_null=True)
    places = PlaceOutput(many=True)
    more = serializers.IntegerField(help_text="Jobs that wait behind these and are not listed.")


class SpendOutput(serializers.Serializer[Any]):
    month = serializers.DateField(help_text="Its first day.")
    kind = serializers.CharField()
    currency = serializers.CharField()
    total = serializers.DecimalField(max_digits=20, decimal_places=4)
    jobs = serializers.IntegerField()
    unknown = serializers.IntegerField(help_text="Jobs that have ended without anybody knowing what they cost.")
    evaluations = serializers.IntegerField()
    syntheses = serializers.IntegerField()
    answers = serializers.IntegerField(help_text="Of the playground.")


class BudgetState(serializers.Serializer[Any]):
    currency = serializers.CharField()
    spent = serializers.DecimalField(max_digits=20, decimal_places=4)
    expected = serializers.DecimalField(max_digits=20, decimal_places=4)
    limit = serializers.DecimalField(max_digits=20, decimal_places=2, allow_null=True)
    stops = serializers.BooleanField()


class RunningDeployment(serializers.Serializer[Any]):
    """A deployment that is paid for by the hour. It is not counted in the budgets: only the provider knows its end."""

    model = serializers.UUIDField(source="model.pk")
    alias = serializers.CharField(source="model.alias")
    since = serializers.DateTimeField(allow_null=True, help_text="null: it was not deployed from here.")
    an_hour = serializers.DecimalField(None, None, allow_null=True, help_text="null: the price table has no price.")
    currency = serializers.CharField(allow_blank=True)
    this_month = serializers.DecimalField(None, None, allow_null=True)


class SpendingByMonth(serializers.Serializer[Any]):
    lines = SpendOutput(many=True)
    budgets = BudgetState(many=True)
    deployments = RunningDeployment(many=True)


class StuckOutput(serializers.Serializer[Any]):
    job = serializers.UUIDField()
    name = serializers.CharField()
    why = serializers.CharField()


class SunsetOutput(serializers.Serializer[Any]):
    base_model = serializers.CharField()
    connection = serializers.UUIDField(source="connection.pk")
    day = serializers.DateField()
    models = serializers.IntegerField()
    jobs = serializers.IntegerField()


class StoppedOutput(serializers.Serializer[Any]):
    connection = serializers.UUIDField(source="pk")
    name = serializers.CharField()
    stopped = serializers.CharField()
    says = serializers.SerializerMethodField()

    def get_says(self, connection: Any) -> str:
        return say(from_line(connection.stopped_says))


class AlertsOutput(serializers.Serializer[Any]):
    workers = serializers.IntegerField(help_text="How many are alive; 0: imports and jobs wait.")
    counts = serializers.DictField(child=serializers.IntegerField(), help_text="Jobs by group of states.")
    stopped = StoppedOutput(many=True)
    stuck = StuckOutput(many=True)
    sunsets = SunsetOutput(many=True)


def project_of(request: Request) -> Project:
    """The project that is asked about; of the person's own the first by name."""
    mine = Project.objects.visible_to(request.user)
    asked = request.query_params.get("project")
    if not asked:
        mine = mine.order_by("name", "pk")[:1]
        return get_object_or_404(mine)
    serializer = serializers.UUIDField()
    return get_object_or_404(mine, pk=serializer.run_validation(asked))


class JobQueue(APIView):
    @extend_schema(responses=QueueOutput(many=True), parameters=PROJECT)
    def get(self, request: Request) -> Response:
        """What waits for which connection, in which order, and why."""
        return Response(QueueOutput(lines.of(request.user, project_of(request)), many=True).data)


class JobSpend(APIView):
    @extend_schema(responses=SpendingByMonth, parameters=PROJECT)
    def get(self, request: Request) -> Response:
        """What the jobs of the last six months have cost, by month, provider and currency; the budgets of this one."""
        pk = project_of(request).pk
        said = {
            "lines": spending.by_month(pk),
            "budgets": budgets.state(pk),
            "deployments": hosting.running(pk),
        }
        return Response(SpendingByMonth(said).data)


class JobAlerts(APIView):
    @extend_schema(responses=AlertsOutput, parameters=PROJECT)
    def get(self, request: Request) -> Response:
        """What wants a person: stopped connections, silent jobs, models that stop, and whether a worker runs."""
        project = project_of(request)
        jobs = Job.objects.visible_to(request.user).filter(project=project)
        silent = [{"job": job.pk, "name": job.name, "why": say(why)} for job, why in stuck(jobs)]
        said = {
            "workers": heart.workers(),
            "counts": boards.counts(jobs, boards.Wanted()),
            "stopped": alerts.stopped(project),
            "stuck": silent,
            "sunsets": alerts.sunsets(project),
        }
        return Response(AlertsOutput(said).data)


class JobRetry(APIView):
    scope = "jobs"

    @extend_schema(request=None, responses={201: JobOutput, 202: JobOutput})
    def post(self, request: Request, pk: UUID) -> Response:
        """A job that ended badly: a linked draft (201). One that is held up: it goes on (202). Else 409."""
        job = found(request, pk)
        after = retries.retry(actor=request.user, job=job)
        return Response(JobOutput(after).data, status=202 if after.pk == job.pk else 201)

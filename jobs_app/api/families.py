"""Jobs that are made from jobs, and families of jobs, through the API."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import generics, serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from ftstudio.web.texts import say
from jobs_app.models import Connection, JobFamily
from jobs_app.services import clones, families
from jobs_app.services.marks import Scored, of_family

from .connections import NewestFirst
from .jobs import found as found_job
from .jobs import read
from .serializers import JobOutput, Visible, WaiveInput


class FamilyOutput(serializers.ModelSerializer[JobFamily]):
    axes = serializers.DictField(read_only=True, help_text="Setting → the values tried.")

    class Meta:
        model = JobFamily
        fields = ("id", "project", "kind", "name", "axes", "created_at")
        read_only_fields = fields


class FamilyScoreOutput(serializers.Serializer[Any]):
    """A rate from 0 to 1 with its 95 % interval. The losses beside it have none: a provider reports one number."""

    value = serializers.FloatField()
    low = serializers.FloatField(allow_null=True)
    high = serializers.FloatField(allow_null=True)
    n = serializers.IntegerField(allow_null=True, help_text="Cases.")


class FamilyMemberOutput(serializers.Serializer[Any]):
    job = serializers.UUIDField(source="job.pk")
    name = serializers.CharField(source="job.name")
    state = serializers.CharField(source="job.state")
    values = serializers.DictField()
    rows = serializers.IntegerField()
    best_valid = serializers.FloatField(allow_null=True)
    final_train = serializers.FloatField(allow_null=True)
    verdict = serializers.SerializerMethodField()
    cost = serializers.DecimalField(source="job.cost", max_digits=12, decimal_places=4, allow_null=True)
    currency = serializers.CharField(source="job.currency")
    seconds = serializers.FloatField(allow_null=True)
    model = serializers.CharField(source="job.result_model")
    score = FamilyScoreOutput(allow_null=True, help_text="The task's own metric; null until the family is evaluated.")

    def get_verdict(self, member: families.Member) -> str:
        return say(member.verdict.word) if member.verdict else ""


class FamilyDetailOutput(FamilyOutput):
    jobs = serializers.SerializerMethodField()
    estimated = serializers.SerializerMethodField(help_text="What launching the drafts will cost, by currency.")
    metric = serializers.SerializerMethodField(help_text="Of the scores; empty until the family is evaluated.")
    evaluation = serializers.SerializerMethodField(help_text="The one that the scores are from.")

    class Meta(FamilyOutput.Meta):
        fields = (*FamilyOutput.Meta.fields, "jobs", "estimated", "metric", "evaluation")  # type: ignore[assignment]
        read_only_fields = fields  # type: ignore[assignment]

    @extend_schema_field(FamilyMemberOutput(many=True))
    def get_jobs(self, family: JobFamily) -> list[dict[str, Any]]:
        return list(FamilyMemberOutput(families.members_of(family, self._scored(family)), many=True).data)

    def get_metric(self, family: JobFamily) -> str:
        scored = self._scored(family)
        return scored.metric if scored else ""

    @extend_schema_field({"type": ["string", "null"], "format": "uuid"})
    def get_evaluation(self, family: JobFamily) -> str | None:
        scored = self._scored(family)
        return str(scored.evaluation) if scored else None

    def _scored(self, family: JobFamily) -> Scored | None:
        """Read once for all fields."""
        known: dict[Any, Scored | None] = self.__dict__.setdefault("_read_scores", {})
        if family.pk not in known:
            known[family.pk] = of_family(family)
        return known[family.pk]

    @extend_schema_field(serializers.DictField(child=serializers.CharField()))
    def get_estimated(self, family: JobFamily) -> dict[str, str]:
        return {currency: str(sum_) for currency, sum_ in families.total_of(family).sums.items()}


class SweepInput(serializers.Serializer[Any]):
    axes = serializers.DictField(child=serializers.ListField(), help_text="Setting → the values to try.")
    name = serializers.CharField(max_length=200, required=False, allow_blank=True)


class CurveInput(serializers.Serializer[Any]):
    percents = serializers.ListField(child=serializers.IntegerField(), required=False, help_text="25, 50, 100.")
    name = serializers.CharField(max_length=200, required=False, allow_blank=True)


class FormatInput(serializers.Serializer[Any]):
    codec = serializers.CharField(max_length=40)


class ElsewhereInput(serializers.Serializer[Any]):
    connection = Visible(queryset=Connection.objects.select_related("project"))
    base_model = serializers.CharField(max_length=200, required=False, allow_blank=True)
    name = serializers.CharField(max_length=200, required=False, allow_blank=True)


class TranslationLine(serializers.Serializer[Any]):
    name = serializers.CharField()
    kind = serializers.ChoiceField(["carried", "converted", "changed", "left-out"])
    says = serializers.SerializerMethodField()

    def get_says(self, line: Any) -> str:
        return say(line.says)


class ElsewhereOutput(serializers.Serializer[Any]):
    job = JobOutput()
    translation = TranslationLine(many=True)


class ChainInput(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=200, required=False, allow_blank=True)


class FamilyLaunchInput(serializers.Serializer[Any]):
    waive = WaiveInput(required=False)
    confirm = serializers.ListField(child=serializers.CharField(max_length=40), required=False)
    answers = serializers.DictField(child=serializers.BooleanField(), required=False, allow_null=True)


def found(request: Request, pk: UUID) -> JobFamily:
    return get_object_or_404(JobFamily.objects.visible_to(request.user).select_related("project"), pk=pk)


class FamilyList(generics.ListAPIView[JobFamily]):
    serializer_class = FamilyOutput
    pagination_class = NewestFirst
    queryset = JobFamily.objects.none()

    def get_queryset(self) -> QuerySet[JobFamily]:
        return JobFamily.objects.visible_to(self.request.user)


class FamilyDetail(APIView):
    @extend_schema(responses=FamilyDetailOutput)
    def get(self, request: Request, pk: UUID) -> Response:
        return Response(FamilyDetailOutput(found(request, pk)).data)


class FamilyCsv(APIView):
    @extend_schema(responses={(200, "application/json"): OpenApiTypes.OBJECT})
    def get(self, request: Request, pk: UUID) -> Response:
        """The table of the family as CSV text: `{"csv": text}`."""
        return Response({"csv": families.to_csv(found(request, pk))})


class FamilyLaunch(APIView):
    scope = "jobs"

    @extend_schema(request=FamilyLaunchInput, responses={202: FamilyDetailOutput})
    def post(self, request: Request, pk: UUID) -> Response:
        """Launch every draft of the family, or none."""
        family = found(request, pk)
        families.launch(actor=request.user, family=family, **read(request, FamilyLaunchInput))
        return Response(FamilyDetailOutput(family).data, status=202)


class JobSweep(APIView):
    @extend_schema(request=SweepInput, responses={201: FamilyDetailOutput})
    def post(self, request: Request, pk: UUID) -> Response:
        """A draft for each combination of the values."""
        job = found_job(request, pk)
        family = families.sweep(actor=request.user, job=job, **read(request, SweepInput))
        return Response(FamilyDetailOutput(family).data, status=201)


class JobLearningCurve(APIView):
    @extend_schema(request=CurveInput, responses={201: FamilyDetailOutput})
    def post(self, request: Request, pk: UUID) -> Response:
        """A draft for each share of the training rows."""
        job = found_job(request, pk)
        family = families.learning_curve(actor=request.user, job=job, **read(request, CurveInput))
        return Response(FamilyDetailOutput(family).data, status=201)


class JobFormat(APIView):
    @extend_schema(request=FormatInput, responses={201: JobOutput})
    def post(self, request: Request, pk: UUID) -> Response:
        """A draft on the same data whose files are written in another format."""
        twin = clones.into_format(actor=request.user, job=found_job(request, pk), **read(request, FormatInput))
        return Response(JobOutput(twin).data, status=201)


class JobElsewhere(APIView):
    @extend_schema(request=ElsewhereInput, responses={201: ElsewhereOutput})
    def post(self, request: Request, pk: UUID) -> Response:
        """A draft through another connection, with a sentence for each setting."""
        job = found_job(request, pk)
        twin, moved = clones.into_connection(actor=request.user, job=job, **read(request, ElsewhereInput))
        return Response(ElsewhereOutput({"job": twin, "translation": moved.lines}).data, status=201)


class JobChain(APIView):
    @extend_schema(request=ChainInput, responses={201: JobOutput})
    def post(self, request: Request, pk: UUID) -> Response:
        """A draft of DPO that goes on from the job's model, and waits for it."""
        twin = clones.chain(actor=request.user, job=found_job(request, pk), **read(request, ChainInput))
        return Response(JobOutput(twin).data, status=201)

"""The strategy advisor through the API: records, answers, measurements, and the chart as Mermaid text."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.utils.translation import pgettext
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import generics, serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from datasets_app.models import Dataset
from ftstudio.web.texts import say
from jobs_app.core import advisor, advisor_facts
from jobs_app.core.advisor_drawing import mermaid
from jobs_app.core.advisor_table import DECISIONS, ENDS, OPTIONS
from jobs_app.models import Advice, Connection
from jobs_app.services import advice as records
from jobs_app.services import advice_options

from .connections import NewestFirst
from .jobs import read
from .serializers import JobOutput, Visible


class AdviceOutput(serializers.ModelSerializer[Advice]):
    """`asks` is the decision that waits, `station` where the way has come to, `facts` what they say to `asks`."""

    answers = serializers.DictField(read_only=True)
    constraints = serializers.DictField(read_only=True)
    measured = serializers.ListField(child=serializers.DictField(), read_only=True)
    station = serializers.SerializerMethodField()
    asks = serializers.SerializerMethodField()
    question = serializers.SerializerMethodField()
    strategy = serializers.SerializerMethodField()

    class Meta:
        model = Advice
        fields = (
            "id", "dataset", "title", "answers", "constraints", "measured", "station", "asks", "question", "strategy",
            "outcome", "unmeasured", "follows", "filed_at", "created_at",
        )  # fmt: skip
        read_only_fields = fields

    def get_station(self, advice: Advice) -> str:
        return advice.outcome or advisor.walk(advice.answers).at

    def get_asks(self, advice: Advice) -> str | None:
        asked = advisor.walk(advice.answers).asks
        return asked.id if asked else None

    def get_question(self, advice: Advice) -> str:
        asked = advisor.walk(advice.answers).asks
        return say(asked.question) if asked else ""

    def get_strategy(self, advice: Advice) -> str:
        station = self.get_station(advice)
        return ENDS[station].strategy if station in ENDS else ""


class FactSays(serializers.Serializer[Any]):
    answer = serializers.CharField(help_text="yes, no, or empty where the facts cannot tell.")
    because = serializers.SerializerMethodField()
    measured = serializers.BooleanField()

    def get_because(self, reading: advisor_facts.Reading) -> str:
        return say(reading.because)


class AdviceOptionOutput(serializers.Serializer[Any]):
    option = serializers.CharField()
    what = serializers.CharField()
    cost = serializers.CharField()
    currency = serializers.CharField()
    reason = serializers.CharField()
    chosen = serializers.BooleanField()


class AdviceDetailOutput(AdviceOutput):
    facts = serializers.SerializerMethodField()
    cited = serializers.SerializerMethodField()
    options = serializers.SerializerMethodField()

    class Meta(AdviceOutput.Meta):
        fields = (*AdviceOutput.Meta.fields, "facts", "cited", "options")  # type: ignore[assignment]
        read_only_fields = fields  # type: ignore[assignment]

    @extend_schema_field(FactSays(allow_null=True))
    def get_facts(self, advice: Advice) -> dict[str, Any] | None:
        asked = advisor.walk(advice.answers).asks
        return FactSays(advisor_facts.reading(asked.id, advice_options.facts_of(advice))).data if asked else None

    def get_cited(self, advice: Advice) -> str:
        return say(advisor_facts.cited(advice_options.facts_of(advice)))

    @extend_schema_field(AdviceOptionOutput(many=True))
    def get_options(self, advice: Advice) -> list[dict[str, Any]]:
        return list(AdviceOptionOutput(advice_options.options_of(advice), many=True).data)


class AdviceInput(serializers.Serializer[Any]):
    title = serializers.CharField(max_length=200, required=False, allow_blank=True)
    constraints = serializers.DictField(
        required=False, help_text="target (percent), compute, time, data_quality, governance."
    )
    follows = Visible(queryset=Advice.objects.all(), required=False, allow_null=True)


class AdviceOptionInput(serializers.Serializer[Any]):
    option = serializers.ChoiceField(list(OPTIONS))
    what = serializers.CharField(max_length=300, required=False, allow_blank=True)
    cost = serializers.CharField(max_length=20, required=False, allow_blank=True)
    currency = serializers.CharField(max_length=3, required=False, allow_blank=True)
    reason = serializers.CharField(max_length=1000, required=False, allow_blank=True)


class AdviceChange(serializers.Serializer[Any]):
    title = serializers.CharField(max_length=200, required=False)
    constraints = serializers.DictField(required=False)
    options = AdviceOptionInput(many=True, required=False)


class AdviceAnswerInput(serializers.Serializer[Any]):
    decision = serializers.ChoiceField(list(DECISIONS))
    answer = serializers.ChoiceField(["yes", "no", ""], help_text="Empty: take the answer back.")
    reasons = serializers.ListField(child=serializers.CharField(max_length=40), required=False)
    note = serializers.CharField(max_length=1000, required=False, allow_blank=True)


class AdviceFileInput(serializers.Serializer[Any]):
    options = AdviceOptionInput(many=True, required=False)
    unmeasured = serializers.CharField(
        max_length=300, required=False, allow_blank=True, help_text="Why nothing was measured, where nothing was."
    )


class AdviceJobInput(serializers.Serializer[Any]):
    connection = Visible(queryset=Connection.objects.select_related("project"))
    name = serializers.CharField(max_length=200, required=False, allow_blank=True)


def found(request: Request, pk: UUID) -> Advice:
    rows = Advice.objects.visible_to(request.user).select_related("dataset__project", "project")
    return get_object_or_404(rows, pk=pk)


class AdviceList(generics.ListAPIView[Advice]):
    """A dataset's decision records, the newest first."""

    serializer_class = AdviceOutput
    pagination_class = NewestFirst
    queryset = Advice.objects.none()

    def get_queryset(self) -> QuerySet[Advice]:
        dataset = get_object_or_404(Dataset.objects.visible_to(self.request.user), pk=self.kwargs["pk"])
        return Advice.objects.filter(dataset=dataset)

    @extend_schema(request=AdviceInput, responses={201: AdviceDetailOutput})
    def post(self, request: Request, pk: UUID) -> Response:
        dataset = get_object_or_404(Dataset.objects.visible_to(request.user).select_related("project"), pk=pk)
        advice = records.create(actor=request.user, dataset=dataset, **read(request, AdviceInput))
        return Response(AdviceDetailOutput(advice).data, status=201)


class AdviceDetail(APIView):
    @extend_schema(responses=AdviceDetailOutput)
    def get(self, request: Request, pk: UUID) -> Response:
        return Response(AdviceDetailOutput(found(request, pk)).data)

    @extend_schema(request=AdviceChange, responses=AdviceDetailOutput)
    def patch(self, request: Request, pk: UUID) -> Response:
        advice = found(request, pk)
        changed = records.update(actor=request.user, advice=advice, **read(request, AdviceChange))
        return Response(AdviceDetailOutput(changed).data)


class AdviceAnswer(APIView):
    @extend_schema(request=AdviceAnswerInput, responses=AdviceDetailOutput)
    def post(self, request: Request, pk: UUID) -> Response:
        """Answer the decision that waits, or take an answer back; later answers that no longer apply are dropped."""
        advice = found(request, pk)
        answered = records.answer(actor=request.user, advice=advice, **read(request, AdviceAnswerInput))
        return Response(AdviceDetailOutput(answered).data)


class AdviceFile(APIView):
    @extend_schema(request=AdviceFileInput, responses=AdviceDetailOutput)
    def post(self, request: Request, pk: UUID) -> Response:
        """Close the record for good."""
        advice = found(request, pk)
        filed = records.file(actor=request.user, advice=advice, **read(request, AdviceFileInput))
        return Response(AdviceDetailOutput(filed).data)


class AdviceJob(APIView):
    @extend_schema(request=AdviceJobInput, responses={201: JobOutput})
    def post(self, request: Request, pk: UUID) -> Response:
        """A job draft that carries the record out and refers to it."""
        advice = found(request, pk)
        job = records.draft_job(actor=request.user, advice=advice, **read(request, AdviceJobInput))
        return Response(JobOutput(job).data, status=201)


class AdviceMermaid(APIView):
    @extend_schema(responses={(200, "application/json"): OpenApiTypes.OBJECT})
    def get(self, request: Request, pk: UUID) -> Response:
        """The chart with the way taken: `{"mermaid": text}`."""
        path = advisor.walk(found(request, pk).answers)
        return Response(
            {"mermaid": mermaid(path, say=say, words=(pgettext("answer", "yes"), pgettext("answer", "no")))}
        )

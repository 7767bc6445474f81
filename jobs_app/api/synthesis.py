"""Syntheses through the API: what one would cost, having it done, its candidates, taking them in."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import generics, serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from datasets_app.models import Dataset
from ftstudio.accounts.policy import require
from ftstudio.web.texts import from_row, say
from jobs_app.core import candidates
from jobs_app.models import Candidate, Connection, Evaluation, Synthesis
from jobs_app.services import synthesis as synthesising
from jobs_app.services import synthesis_plans

from .connections import NewestFirst
from .jobs import OldestFirst, read
from .serializers import Said, Visible


class SynthesisInput(serializers.Serializer[Any]):
    connection = Visible(queryset=Connection.objects.select_related("project"))
    model = serializers.CharField(max_length=200, help_text="A base model that can be called by chat.")
    wanted = serializers.IntegerField(required=False, help_text="Verified candidates, 1 to 500; 50 if left out.")
    template = serializers.CharField(
        required=False, trim_whitespace=False, help_text="With {domains}, and the four keys of the answer's form."
    )
    domains = serializers.ListField(child=serializers.CharField(max_length=100), required=False)
    seed = serializers.IntegerField(required=False, help_text="Draws the pairs that the prompt shows.")
    temperature = serializers.FloatField(required=False, help_text="0.1 to 2: each ask should bring something else.")
    evaluation = Visible(
        queryset=Evaluation.objects.all(), required=False, help_text="Write more of what a model got wrong in it."
    )
    arm = serializers.IntegerField(
        required=False, min_value=0, max_value=2**31 - 1, help_text="The number of that model; the last tuned one."
    )


class SynthesisStartInput(SynthesisInput):
    client_id = serializers.CharField(
        required=False, allow_null=True, default=None,
        help_text="An id of your own, at most 40 characters: sent again, the request begins no second synthesis.",
    )  # fmt: skip


class SynthesisPlanOutput(serializers.Serializer[Any]):
    prompt = serializers.CharField(help_text="The first one.")
    asks = serializers.IntegerField(help_text="If everything counts.")
    most_asks = serializers.IntegerField(source="row.most_asks")
    prompt_tokens = serializers.IntegerField(source="row.estimate.prompt_tokens")
    completion_tokens = serializers.IntegerField(source="row.estimate.completion_tokens")
    cost = serializers.DecimalField(max_digits=12, decimal_places=4, allow_null=True, help_text="null: no price known.")
    currency = serializers.CharField(source="row.currency")
    warnings = serializers.SerializerMethodField()

    @extend_schema_field(serializers.ListField(child=serializers.CharField()))
    def get_warnings(self, plan: synthesis_plans.Plan) -> list[str]:
        return [say(text) for text in plan.warnings]


class SynthesisOutput(serializers.ModelSerializer[Synthesis]):
    """`verified` candidates keep to the contract, `refused` lines became none; `upload` is where they went."""

    says = Said(read_only=True)
    domains = serializers.ListField(child=serializers.CharField(), read_only=True)
    estimate = serializers.DictField(read_only=True)
    decoding = serializers.DictField(read_only=True)

    class Meta:
        model = Synthesis
        fields = (
            "id", "dataset", "evaluation", "connection", "model", "template", "domains", "seed", "decoding",
            "wanted", "state", "asks", "most_asks", "verified", "refused", "prompt_tokens", "completion_tokens",
            "estimate", "cost", "currency", "says", "upload", "taken_at", "created_at", "finished_at",
        )  # fmt: skip
        read_only_fields = fields


class SynthesisDetailOutput(SynthesisOutput):
    spread = serializers.SerializerMethodField(help_text="Verified candidates by domain.")
    reasons = serializers.SerializerMethodField(help_text="Refused lines by reason.")

    class Meta(SynthesisOutput.Meta):
        fields = (*SynthesisOutput.Meta.fields, "spread", "reasons")  # type: ignore[assignment]
        read_only_fields = fields  # type: ignore[assignment]

    @extend_schema_field(serializers.DictField(child=serializers.IntegerField()))
    def get_spread(self, row: Synthesis) -> dict[str, int]:
        return dict(synthesising.spread(row))

    @extend_schema_field(serializers.DictField(child=serializers.IntegerField()))
    def get_reasons(self, row: Synthesis) -> dict[str, int]:
        return {say(reason): n for reason, n in synthesising.refusals(row)}


class CandidateOutput(serializers.ModelSerializer[Candidate]):
    reason = serializers.ChoiceField(["", *candidates.REASONS], read_only=True, help_text="Empty: verified.")
    findings = serializers.SerializerMethodField()

    class Meta:
        model = Candidate
        fields = ("number", "domain", "question", "wrong", "right", "reason", "findings", "chosen")
        read_only_fields = fields

    @extend_schema_field(serializers.ListField(child=serializers.DictField()))
    def get_findings(self, candidate: Candidate) -> list[dict[str, str]]:
        return [{"rule": row["rule"], "message": say(from_row(row["message"]))} for row in candidate.findings]


class SynthesisTakeInput(serializers.Serializer[Any]):
    numbers = serializers.ListField(
        child=serializers.IntegerField(min_value=0, max_value=2**31 - 1),
        required=False,
        help_text="Of the candidates to take; all verified ones if left out.",
    )


def _dataset(request: Request, pk: UUID) -> Dataset:
    return get_object_or_404(Dataset.objects.visible_to(request.user).select_related("project"), pk=pk)


def _found(request: Request, pk: UUID) -> Synthesis:
    rows = Synthesis.objects.visible_to(request.user).select_related("dataset__project", "connection", "upload")
    return get_object_or_404(rows.defer("connection__credential"), pk=pk)


class SynthesisList(generics.ListAPIView[Synthesis]):
    """The syntheses of a dataset, the newest first."""

    serializer_class = SynthesisOutput
    pagination_class = NewestFirst
    queryset = Synthesis.objects.none()

    def get_queryset(self) -> QuerySet[Synthesis]:
        return Synthesis.objects.filter(dataset=_dataset(self.request, self.kwargs["pk"]))

    @extend_schema(request=SynthesisStartInput, responses={202: SynthesisDetailOutput})
    def post(self, request: Request, pk: UUID) -> Response:
        """Have a model propose pairs in the background. Nothing enters the dataset until somebody takes it in."""
        dataset = _dataset(request, pk)
        row = synthesising.start(actor=request.user, dataset=dataset, **read(request, SynthesisStartInput))
        return Response(SynthesisDetailOutput(row).data, status=202)


class SynthesisPlan(APIView):
    @extend_schema(request=SynthesisInput, responses=SynthesisPlanOutput)
    def post(self, request: Request, pk: UUID) -> Response:
        """The prompt and what a synthesis would cost; nothing is asked and nothing is written."""
        dataset = _dataset(request, pk)
        require(request.user, dataset.project_id, "samples.synthesise")
        planned = synthesis_plans.plan(dataset=dataset, **read(request, SynthesisInput))
        return Response(SynthesisPlanOutput(planned).data)


class SynthesisDetail(APIView):
    @extend_schema(responses=SynthesisDetailOutput)
    def get(self, request: Request, pk: UUID) -> Response:
        return Response(SynthesisDetailOutput(_found(request, pk)).data)


class SynthesisCandidates(generics.ListAPIView[Candidate]):
    """What the model proposed, in its order, with what the contract says of it; what was refused has a `reason`."""

    serializer_class = CandidateOutput
    pagination_class = OldestFirst
    queryset = Candidate.objects.none()

    def get_queryset(self) -> QuerySet[Candidate]:
        return Candidate.objects.filter(synthesis=_found(self.request, self.kwargs["pk"]))


class SynthesisCancel(APIView):
    @extend_schema(request=None, responses=SynthesisDetailOutput)
    def post(self, request: Request, pk: UUID) -> Response:
        row = synthesising.cancel(actor=request.user, synthesis=_found(request, pk))
        return Response(SynthesisDetailOutput(row).data)


class SynthesisTake(APIView):
    @extend_schema(request=SynthesisTakeInput, responses=SynthesisDetailOutput)
    def post(self, request: Request, pk: UUID) -> Response:
        """Import the chosen candidates as pending pairs. Calling again gives the import there is."""
        row = _found(request, pk)
        synthesising.take(actor=request.user, synthesis=row, **read(request, SynthesisTakeInput))
        return Response(SynthesisDetailOutput(row).data)

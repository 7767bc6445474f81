"""Evaluations through the API: what one would cost, having models asked, the cases, who is better in what."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import generics
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from ftstudio.accounts.policy import require
from ftstudio.errors import InvalidInput, Text
from ftstudio.web.pagination import ApiCursor
from jobs_app.models import Arm, Case, Evaluation
from jobs_app.services import comparing, evaluations
from jobs_app.services.confusions import confusion_of
from jobs_app.services.evaluation_lists import Wanted
from jobs_app.services.leaf_paths import paths_of
from jobs_app.services.slices import slices

from . import evaluation_shapes as shapes
from .comparison_shapes import ComparisonOutput, FailureOutput, LabelOutput, LeafPathsOutput, SliceOutput
from .connections import NewestFirst
from .jobs import read


class ByNumber(ApiCursor):
    ordering = ("number",)


ARM_A = OpenApiParameter("a", int, description="The number of the arm that is compared with; 0 if left out.")
ARM_B = OpenApiParameter("b", int, description="The number of the other arm; the last one if left out.")


def found(request: Request, pk: UUID) -> Evaluation:
    rows = Evaluation.objects.visible_to(request.user).select_related("dataset__project", "project", "snapshot")
    return get_object_or_404(rows, pk=pk)


class EvaluationList(generics.ListAPIView[Evaluation]):
    """Evaluations, the newest first; `?dataset=`, `?version=`, `?model=`, `?state=` and `?advice=` narrow them."""

    serializer_class = shapes.EvaluationOutput
    pagination_class = NewestFirst
    queryset = Evaluation.objects.none()

    def get_queryset(self) -> QuerySet[Evaluation]:
        query = self.request.query_params
        rows = Wanted.of(query.dict()).within(Evaluation.objects.visible_to(self.request.user))
        return rows.filter(advice=_id(query["advice"])) if query.get("advice") else rows

    @extend_schema(request=shapes.EvaluationInput, responses={202: shapes.EvaluationDetailOutput})
    def post(self, request: Request) -> Response:
        """Have the models asked in the background."""
        made = evaluations.start(actor=request.user, **read(request, shapes.EvaluationInput))
        return Response(shapes.EvaluationDetailOutput(made).data, status=202)


class EvaluationPlan(APIView):
    @extend_schema(request=shapes.EvaluationPlanInput, responses=shapes.EvaluationPlanOutput)
    def post(self, request: Request) -> Response:
        """What would be asked of whom and what it would cost; nothing is asked and nothing is written."""
        wanted = read(request, shapes.EvaluationPlanInput)
        require(request.user, wanted["dataset"].project_id, "evaluations.create")
        return Response(shapes.EvaluationPlanOutput(evaluations.plan(**wanted)).data)


class EvaluationDetail(APIView):
    @extend_schema(responses=shapes.EvaluationDetailOutput)
    def get(self, request: Request, pk: UUID) -> Response:
        return Response(shapes.EvaluationDetailOutput(found(request, pk)).data)


class EvaluationArms(generics.ListAPIView[Arm]):
    """The models that are asked, and how each is called."""

    serializer_class = shapes.ArmOutput
    pagination_class = ByNumber
    queryset = Arm.objects.none()

    def get_queryset(self) -> QuerySet[Arm]:
        rows = Arm.objects.filter(evaluation=found(self.request, self.kwargs["pk"]))
        return rows.select_related("connection").defer("changes", "connection__credential")


class EvaluationCases(generics.ListAPIView[Case]):
    """The cases with what both arms answered. `which`: won (only b is right), lost, both-fail, both-pass; right by
    `metric` where that says yes or no, else by the contract."""

    serializer_class = shapes.CaseOutput
    pagination_class = ByNumber
    queryset = Case.objects.none()

    def get_queryset(self) -> QuerySet[Case]:
        evaluation = found(self.request, self.kwargs["pk"])
        a, b = _pair(self.request, evaluation)
        query = self.request.query_params
        return comparing.cases(evaluation, a, b, query.get("which") or "all", query.get("metric") or "")

    @extend_schema(
        parameters=[
            ARM_A, ARM_B, OpenApiParameter("which", str, enum=comparing.WHICH),
            OpenApiParameter("metric", str, description="The one that decides if left out."),
        ]
    )  # fmt: skip
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().get(request, *args, **kwargs)


class EvaluationComparison(APIView):
    @extend_schema(parameters=[ARM_A, ARM_B, OpenApiParameter("metric", str)], responses=ComparisonOutput)
    def get(self, request: Request, pk: UUID) -> Response:
        """Arm b against arm a on the same cases in one metric, the deciding one if none is named."""
        evaluation = found(request, pk)
        a, b = _pair(request, evaluation)
        metric = request.query_params.get("metric") or next(iter(evaluation.metrics), "")
        return Response(ComparisonOutput(comparing.comparison(evaluation, a, b, metric)).data)


class EvaluationSlices(APIView):
    @extend_schema(parameters=[OpenApiParameter("metric", str)], responses=SliceOutput(many=True))
    def get(self, request: Request, pk: UUID) -> Response:
        """Every arm by the tags of the cases, the most frequent ones, in one metric; [] where no case has a tag."""
        evaluation = found(request, pk)
        metric = request.query_params.get("metric") or next(iter(evaluation.metrics), "")
        rows = slices(evaluation, sorted(evaluation.arms.values_list("number", flat=True)), metric)
        return Response(SliceOutput(rows, many=True).data)


class EvaluationConfusion(APIView):
    @extend_schema(parameters=[ARM_B], responses=LabelOutput(many=True))
    def get(self, request: Request, pk: UUID) -> Response:
        """Which labels arm b takes for which; [] where the evaluation was not measured by labels."""
        evaluation = found(request, pk)
        _, b = _pair(request, evaluation)
        return Response(LabelOutput(confusion_of(evaluation, b), many=True).data)


class EvaluationPaths(APIView):
    @extend_schema(parameters=[ARM_B], responses=LeafPathsOutput)
    def get(self, request: Request, pk: UUID) -> Response:
        """At which paths of its JSON arm b goes wrong; no rows where the contract wants no JSON."""
        evaluation = found(request, pk)
        _, b = _pair(request, evaluation)
        return Response(LeafPathsOutput(paths_of(evaluation, b)).data)


class EvaluationFailures(APIView):
    @extend_schema(parameters=[ARM_B], responses=FailureOutput(many=True))
    def get(self, request: Request, pk: UUID) -> Response:
        """Why the answers of arm b failed, by the rule of the first finding."""
        evaluation = found(request, pk)
        _, b = _pair(request, evaluation)
        return Response(FailureOutput(comparing.failures(evaluation, b), many=True).data)


class EvaluationTable(APIView):
    @extend_schema(responses={(200, "application/json"): OpenApiTypes.OBJECT})
    def get(self, request: Request, pk: UUID) -> Response:
        """A line for each case and arm, with verdict, scores, tokens and cost: `{"csv": text}`."""
        return Response({"csv": comparing.to_csv(found(request, pk))})


class EvaluationCancel(APIView):
    @extend_schema(request=None, responses=shapes.EvaluationDetailOutput)
    def post(self, request: Request, pk: UUID) -> Response:
        """Ask nothing more; what has been answered stays."""
        row = evaluations.cancel(actor=request.user, evaluation=found(request, pk))
        return Response(shapes.EvaluationDetailOutput(row).data)


class EvaluationAgain(APIView):
    @extend_schema(request=shapes.AgainInput, responses={202: shapes.EvaluationDetailOutput})
    def post(self, request: Request, pk: UUID) -> Response:
        """The same cases put to the same models once more: a new evaluation."""
        evaluation = found(request, pk)
        row = evaluations.again(actor=request.user, evaluation=evaluation, **read(request, shapes.AgainInput))
        return Response(shapes.EvaluationDetailOutput(row).data, status=202)


class EvaluationRetry(APIView):
    @extend_schema(request=None, responses={202: shapes.EvaluationDetailOutput})
    def post(self, request: Request, pk: UUID) -> Response:
        """Ask once more what got no answer, and what was not asked any more."""
        row = evaluations.retry_errored(actor=request.user, evaluation=found(request, pk))
        return Response(shapes.EvaluationDetailOutput(row).data, status=202)


def _pair(request: Request, evaluation: Evaluation) -> tuple[Arm, Arm]:
    """The arms that the query names. Of one arm alone both are that one."""
    last = max(evaluation.arms.values_list("number", flat=True), default=0)
    numbers = [_number(request, "a", 0), _number(request, "b", last)]
    a, b = (comparing.arm_numbered(evaluation, number, name) for number, name in zip(numbers, "ab", strict=True))
    return a, b


def _number(request: Request, name: str, usual: int) -> int:
    raw = request.query_params.get(name) or str(usual)
    if not (raw.isascii() and raw.isdigit() and len(raw) < 4):
        raise InvalidInput.of({name: Text("Give the number of a model.")})
    return int(raw)


def _id(raw: str) -> UUID:
    try:
        return UUID(raw)
    except ValueError:
        raise InvalidInput(advice=Text("This is no id.")) from None

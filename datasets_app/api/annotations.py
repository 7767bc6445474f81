"""Working apart through the API: annotations, the judgement between them, and what the guideline should say."""

from __future__ import annotations

from django.db.models import QuerySet
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from datasets_app.models import Adjudication, Annotation, Dataset, Sample
from datasets_app.services import adjudications
from datasets_app.services import annotations as annotating
from ftstudio.errors import InvalidInput, Text

from .loading import ApiCursor, read, visible
from .serializers.annotations import (
    AdjudicationInput,
    AdjudicationOutput,
    AnnotationInput,
    AnnotationOutput,
    DoneInput,
)


class OldestFirst(ApiCursor):
    ordering = "id"


class AnnotationList(ListAPIView[Annotation]):
    """What people submitted on a sample apart, oldest first; others' are hidden until mine is in."""

    serializer_class = AnnotationOutput
    pagination_class = OldestFirst
    queryset = Annotation.objects.none()

    def get_queryset(self) -> QuerySet[Annotation]:
        sample = visible(Sample.objects.select_related("dataset"), self.request, pk=self.kwargs["pk"])
        rows = annotating.annotations_on(actor=self.request.user, sample=sample)  # type: ignore[arg-type]
        return rows.select_related("by", "sample__dataset")

    @extend_schema(request=AnnotationInput, responses={201: AnnotationOutput})
    def post(self, request: Request, pk: int) -> Response:
        """Hand in my version and verdict; 409 `full` when as many people as were asked for were faster."""
        sample = visible(Sample.objects.select_related("dataset__project"), request, pk=pk)
        made = annotating.submit(actor=request.user, sample=sample, **read(AnnotationInput, request))
        return Response(AnnotationOutput(made).data, status=201)


class SampleAdjudicate(APIView):
    @extend_schema(request=AdjudicationInput, responses={201: AdjudicationOutput})
    def post(self, request: Request, pk: int) -> Response:
        """Judge between the annotations of a disputed sample; 409 if somebody else has."""
        sample = visible(Sample.objects.select_related("dataset__project"), request, pk=pk)
        made = adjudications.adjudicate(actor=request.user, sample=sample, **read(AdjudicationInput, request))
        return Response(AdjudicationOutput(made).data, status=201)


TO_DO = OpenApiParameter("todo", OpenApiTypes.STR, description="true: what the guideline should still speak of; false")


class AdjudicationList(ListAPIView[Adjudication]):
    """How disputes of a dataset were ended, newest first."""

    serializer_class = AdjudicationOutput
    pagination_class = ApiCursor
    queryset = Adjudication.objects.none()

    def get_queryset(self) -> QuerySet[Adjudication]:
        dataset = visible(Dataset.objects.all(), self.request, pk=self.kwargs["pk"])
        asked = self.request.query_params.get("todo", "")
        if asked not in ("", "true", "false"):
            raise InvalidInput(todo=Text("Use true or false."))
        return adjudications.listed(dataset, to_do=None if not asked else asked == "true")

    @extend_schema(parameters=[TO_DO])
    def get(self, request: Request, *args: object, **kwargs: object) -> Response:
        """How disputes of a dataset were ended, newest first."""
        return self.list(request, *args, **kwargs)


class AdjudicationDetail(APIView):
    @extend_schema(responses=AdjudicationOutput)
    def get(self, request: Request, pk: int) -> Response:
        """How one dispute was ended."""
        rows = Adjudication.objects.select_related("by", "done_by", "decision__by", "decision__revision")
        return Response(AdjudicationOutput(visible(rows, request, pk=pk)).data)

    @extend_schema(request=DoneInput, responses=AdjudicationOutput)
    def patch(self, request: Request, pk: int) -> Response:
        """Say that the guideline covers it by now, or that it is still to do."""
        found = visible(Adjudication.objects.select_related("dataset__project", "sample"), request, pk=pk)
        changed = adjudications.set_done(actor=request.user, adjudication=found, **read(DoneInput, request))
        return Response(AdjudicationOutput(changed).data)

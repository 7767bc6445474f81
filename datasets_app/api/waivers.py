"""Waivers through the API: let a rule's finding on a sample pass with a reason, and take that back."""

from __future__ import annotations

from django.db.models import QuerySet
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from datasets_app.models import Dataset, Sample, Waiver
from datasets_app.services import waivers

from .loading import ApiCursor, read, visible
from .serializers.bulk_changes import WaiverInput, WaiverOutput


class DatasetWaiverList(ListAPIView[Waiver]):
    """What is let pass in a dataset, newest first."""

    serializer_class = WaiverOutput
    pagination_class = ApiCursor
    queryset = Waiver.objects.none()

    def get_queryset(self) -> QuerySet[Waiver]:
        dataset = visible(Dataset.objects.all(), self.request, pk=self.kwargs["pk"])
        return waivers.waivers_of(dataset, rule=self.request.query_params.get("rule", ""))

    @extend_schema(parameters=[OpenApiParameter("rule", OpenApiTypes.STR, description="Of this rule only.")])
    def get(self, request: Request, *args: object, **kwargs: object) -> Response:
        """One page of them."""
        return super().get(request, *args, **kwargs)


class SampleWaiverList(ListAPIView[Waiver]):
    """What is let pass on a sample, newest first."""

    serializer_class = WaiverOutput
    pagination_class = ApiCursor
    queryset = Waiver.objects.none()

    def get_queryset(self) -> QuerySet[Waiver]:
        sample = visible(Sample.objects.all(), self.request, pk=self.kwargs["pk"])
        return Waiver.objects.filter(sample=sample).select_related("by")

    @extend_schema(request=WaiverInput, responses={201: WaiverOutput})
    def post(self, request: Request, pk: int) -> Response:
        """Let a rule's findings on the sample pass, now and in later revisions."""
        sample = visible(Sample.objects.select_related("dataset__project"), request, pk=pk)
        made = waivers.waive(actor=request.user, sample=sample, **read(WaiverInput, request))
        return Response(WaiverOutput(made).data, status=201)


class WaiverDetail(APIView):
    @extend_schema(responses=WaiverOutput)
    def get(self, request: Request, pk: int) -> Response:
        """One waiver."""
        return Response(WaiverOutput(visible(Waiver.objects.select_related("by"), request, pk=pk)).data)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, pk: int) -> Response:
        """Take it back: the findings stand again."""
        waiver = visible(Waiver.objects.select_related("dataset__project"), request, pk=pk)
        waivers.take_back(actor=request.user, waiver=waiver)
        return Response(status=204)

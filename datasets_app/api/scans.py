"""Scans of whole datasets through the API."""

from __future__ import annotations

from uuid import UUID

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from datasets_app.models import Dataset, Scan
from datasets_app.services import scans

from .loading import NewestFirst, visible
from .serializers.scans import ScanDetailOutput, ScanOutput


class ScanList(ListAPIView[Scan]):
    """A dataset's scans, newest first."""

    serializer_class = ScanOutput
    pagination_class = NewestFirst
    queryset = Scan.objects.none()

    def get_queryset(self) -> QuerySet[Scan]:
        dataset = visible(Dataset.objects.all(), self.request, pk=self.kwargs["pk"])
        return Scan.objects.filter(dataset=dataset).defer("report")

    @extend_schema(request=None, responses={202: ScanOutput})
    def post(self, request: Request, pk: UUID) -> Response:
        """Have the dataset looked over in the background: the scan that waits already, or a new one."""
        dataset = visible(Dataset.objects.all(), request, pk=pk)
        return Response(ScanOutput(scans.request(actor=request.user, dataset=dataset)).data, status=202)


class ScanDetail(APIView):
    @extend_schema(responses=ScanDetailOutput)
    def get(self, request: Request, pk: UUID) -> Response:
        """One scan with its report: near duplicates, spellings, types, balance, lengths, leaks and more."""
        scan = visible(Scan.objects.select_related("dataset"), request, pk=pk)
        return Response(ScanDetailOutput(scan).data)

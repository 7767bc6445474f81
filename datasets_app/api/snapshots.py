"""Snapshots and their exports through the API."""

from __future__ import annotations

from uuid import UUID

from django.db.models import QuerySet
from django.http import FileResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from datasets_app.models import Dataset, Export, Snapshot
from datasets_app.services import exports, snapshots

from .loading import AnyAnswer, HighestNumberFirst, NewestFirst, read, visible
from .serializers.snapshots import ExportInput, ExportOutput, SnapshotInput, SnapshotOutput


class SnapshotList(ListAPIView[Snapshot]):
    """A dataset's snapshots, newest first."""

    serializer_class = SnapshotOutput
    pagination_class = HighestNumberFirst
    queryset = Snapshot.objects.none()

    def get_queryset(self) -> QuerySet[Snapshot]:
        return Snapshot.objects.filter(dataset=visible(Dataset.objects.all(), self.request, pk=self.kwargs["pk"]))

    @extend_schema(request=SnapshotInput, responses={202: SnapshotOutput})
    def post(self, request: Request, pk: UUID) -> Response:
        """Freeze the dataset; it is built in the background, `state` says when it is ready."""
        dataset = visible(Dataset.objects.all(), request, pk=pk)
        snapshot = snapshots.freeze(actor=request.user, dataset=dataset, **read(SnapshotInput, request))
        return Response(SnapshotOutput(snapshot).data, status=202)


class SnapshotDetail(APIView):
    @extend_schema(responses=SnapshotOutput)
    def get(self, request: Request, pk: UUID) -> Response:
        """One snapshot."""
        return Response(SnapshotOutput(visible(Snapshot.objects.all(), request, pk=pk)).data)


class ExportList(ListAPIView[Export]):
    """A snapshot's exports, newest first."""

    serializer_class = ExportOutput
    pagination_class = NewestFirst
    queryset = Export.objects.none()

    def get_queryset(self) -> QuerySet[Export]:
        return Export.objects.filter(snapshot=visible(Snapshot.objects.all(), self.request, pk=self.kwargs["pk"]))

    @extend_schema(request=ExportInput, responses={202: ExportOutput})
    def post(self, request: Request, pk: UUID) -> Response:
        """Have the snapshot written; 409 `blocked` while error findings stand in the way and nobody waives them."""
        snapshot = visible(Snapshot.objects.select_related("dataset__project"), request, pk=pk)
        export = exports.create(actor=request.user, snapshot=snapshot, **read(ExportInput, request))
        return Response(ExportOutput(export).data, status=202)


class ExportDetail(APIView):
    @extend_schema(responses=ExportOutput)
    def get(self, request: Request, pk: UUID) -> Response:
        """One export with its manifest."""
        return Response(ExportOutput(visible(Export.objects.all(), request, pk=pk)).data)


class ExportFile(APIView):
    content_negotiation_class = AnyAnswer

    @extend_schema(responses={(200, "application/x-ndjson"): OpenApiTypes.BINARY})
    def get(self, request: Request, pk: UUID) -> FileResponse:
        """The written file."""
        export = visible(Export.objects.select_related("snapshot__dataset"), request, pk=pk)
        return FileResponse(
            exports.file_of(export),
            as_attachment=True,
            filename=exports.name_of(export),
            content_type="application/x-ndjson",
        )

"""Snapshots and their exports through the API."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import FileResponse, Http404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from datasets_app.core.snapshot_diff import KINDS
from datasets_app.models import Dataset, Export, Snapshot
from datasets_app.services import cards, exports, loss_reports, snapshot_diffs, snapshots

from .loading import AnyAnswer, HighestNumberFirst, NewestFirst, address_of_page, read, visible
from .serializers.snapshots import (
    DiffOutput,
    ExportInput,
    ExportOutput,
    LossReportInput,
    LossReportOutput,
    SnapshotInput,
    SnapshotOutput,
)


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


class SnapshotCard(APIView):
    @extend_schema(responses=OpenApiTypes.OBJECT)
    def get(self, request: Request, pk: UUID) -> Response:
        """The snapshot's card: counts, tokens, rules, licences, lineage, split health."""
        return Response(cards.card_of(visible(Snapshot.objects.select_related("dataset"), request, pk=pk)))


class SnapshotDiff(APIView):
    @extend_schema(
        parameters=[
            OpenApiParameter("against", str, description="a snapshot of the same dataset; the one before unless given"),
            OpenApiParameter("kind", str, enum=KINDS),
            OpenApiParameter("cursor", str),
        ],
        responses=DiffOutput,
    )
    def get(self, request: Request, pk: UUID) -> Response:
        """What differs from another snapshot: how many samples of each kind, and a page of one kind."""
        snapshot = visible(Snapshot.objects.all(), request, pk=pk)
        before = snapshot_diffs.against(snapshot, request.query_params.get("against", ""))
        return Response(DiffOutput(_compared(request, snapshot, before)).data)


def _compared(request: Request, snapshot: Snapshot, before: Snapshot | None) -> dict[str, Any]:
    kind = request.query_params.get("kind", "")
    if before is None:
        return {"against": None, "counts": dict.fromkeys(KINDS, 0), "kind": kind or KINDS[0], "next": None,
                "previous": None, "results": [], "settings": []}  # fmt: skip
    counts = snapshot_diffs.counts(snapshot, before)
    kind = kind or next((name for name, n in counts.items() if n), KINDS[0])
    page = snapshot_diffs.page(snapshot, before, kind, request.query_params.get("cursor", ""))
    return {
        "against": before.pk,
        "counts": counts,
        "kind": kind,
        "next": address_of_page(request, page.later),
        "previous": address_of_page(request, page.earlier),
        "results": snapshot_diffs.lines(snapshot, before, kind, page.rows),
        "settings": snapshot_diffs.settings(snapshot, before),
    }


class LossReportDetail(APIView):
    @extend_schema(parameters=[LossReportInput], responses=LossReportOutput)
    def get(self, request: Request, pk: UUID) -> Response:
        """What a format would lose of the snapshot; 404 while nobody has asked for it."""
        snapshot = visible(Snapshot.objects.all(), request, pk=pk)
        asked = LossReportInput(data=request.query_params)
        asked.is_valid(raise_exception=True)
        report = loss_reports.find(snapshot=snapshot, **asked.validated_data)
        if report is None:
            raise Http404
        return Response(LossReportOutput(report).data)

    @extend_schema(request=LossReportInput, responses={202: LossReportOutput})
    def post(self, request: Request, pk: UUID) -> Response:
        """Have it found out, before anything is exported: every sample goes through the format."""
        snapshot = visible(Snapshot.objects.select_related("dataset__project"), request, pk=pk)
        report = loss_reports.request(actor=request.user, snapshot=snapshot, **read(LossReportInput, request))
        return Response(LossReportOutput(report).data, status=202)


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

    @extend_schema(responses={(200, "application/octet-stream"): OpenApiTypes.BINARY})
    def get(self, request: Request, pk: UUID) -> FileResponse:
        """The written file."""
        export = visible(Export.objects.select_related("snapshot__dataset"), request, pk=pk)
        return FileResponse(
            exports.file_of(export),
            as_attachment=True,
            filename=exports.name_of(export),
            content_type=exports.content_type_of(export),
        )

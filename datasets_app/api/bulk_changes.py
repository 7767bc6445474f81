"""Bulk changes through the API: prepare, look at what would change, leave single samples out, apply, undo."""

from __future__ import annotations

from uuid import UUID

from django.db.models import QuerySet
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from datasets_app.models import BulkChange, BulkChangeEntry, Dataset
from datasets_app.services import bulk_changes

from .loading import ApiCursor, NewestFirst, read, visible
from .serializers.bulk_changes import (
    BulkChangeApplyInput,
    BulkChangeEntryInput,
    BulkChangeEntryOutput,
    BulkChangeInput,
    BulkChangeOutput,
)


class ByPosition(ApiCursor):
    ordering = "position"


class BulkChangeList(ListAPIView[BulkChange]):
    """A dataset's bulk changes, newest first."""

    serializer_class = BulkChangeOutput
    pagination_class = NewestFirst
    queryset = BulkChange.objects.none()

    def get_queryset(self) -> QuerySet[BulkChange]:
        return BulkChange.objects.filter(dataset=visible(Dataset.objects.all(), self.request, pk=self.kwargs["pk"]))

    @extend_schema(request=BulkChangeInput, responses={202: BulkChangeOutput})
    def post(self, request: Request, pk: UUID) -> Response:
        """Have it written down what would change; nothing is changed before you apply it."""
        dataset = visible(Dataset.objects.all(), request, pk=pk)
        change = bulk_changes.prepare(actor=request.user, dataset=dataset, **read(BulkChangeInput, request))
        return Response(BulkChangeOutput(change).data, status=202)


def _change(request: Request, pk: UUID) -> BulkChange:
    found: BulkChange = visible(BulkChange.objects.select_related("dataset"), request, pk=pk)
    return found


class BulkChangeDetail(APIView):
    @extend_schema(responses=BulkChangeOutput)
    def get(self, request: Request, pk: UUID) -> Response:
        """One bulk change."""
        return Response(BulkChangeOutput(_change(request, pk)).data)


class BulkChangeApply(APIView):
    @extend_schema(request=BulkChangeApplyInput, responses={202: BulkChangeOutput})
    def post(self, request: Request, pk: UUID) -> Response:
        """Make the planned changes in the background."""
        change = _change(request, pk)
        begun = bulk_changes.apply(actor=request.user, change=change, **read(BulkChangeApplyInput, request))
        return Response(BulkChangeOutput(begun).data, status=202)


class BulkChangeUndo(APIView):
    @extend_schema(request=None, responses={202: BulkChangeOutput})
    def post(self, request: Request, pk: UUID) -> Response:
        """Restore every sample that nobody has changed since, in the background."""
        begun = bulk_changes.undo(actor=request.user, change=_change(request, pk))
        return Response(BulkChangeOutput(begun).data, status=202)


class BulkChangeDiscard(APIView):
    @extend_schema(request=None, responses=BulkChangeOutput)
    def post(self, request: Request, pk: UUID) -> Response:
        """Throw the plan away."""
        return Response(BulkChangeOutput(bulk_changes.discard(actor=request.user, change=_change(request, pk))).data)


class BulkChangeEntryList(ListAPIView[BulkChangeEntry]):
    """The samples of a bulk change by position, with what changes in each."""

    serializer_class = BulkChangeEntryOutput
    pagination_class = ByPosition
    queryset = BulkChangeEntry.objects.none()

    def get_queryset(self) -> QuerySet[BulkChangeEntry]:
        state = self.request.query_params.get("state", "")
        return bulk_changes.entries_of(_change(self.request, self.kwargs["pk"]), state=state)

    @extend_schema(parameters=[OpenApiParameter("state", OpenApiTypes.STR, description="planned, left, refused …")])
    def get(self, request: Request, *args: object, **kwargs: object) -> Response:
        """One page of them."""
        return super().get(request, *args, **kwargs)


class BulkChangeEntryDetail(APIView):
    @extend_schema(responses=BulkChangeEntryOutput)
    def get(self, request: Request, pk: UUID, position: int) -> Response:
        """One sample of the bulk change."""
        entry = visible(BulkChangeEntry.objects.all(), request, change=pk, position=position)
        return Response(BulkChangeEntryOutput(entry).data)

    @extend_schema(request=BulkChangeEntryInput, responses=BulkChangeEntryOutput)
    def patch(self, request: Request, pk: UUID, position: int) -> Response:
        """Leave the sample out, or take it in again, while the plan waits."""
        rows = BulkChangeEntry.objects.select_related("change__dataset")
        entry = visible(rows, request, change=pk, position=position)
        changed = bulk_changes.leave_out(actor=request.user, entry=entry, **read(BulkChangeEntryInput, request))
        return Response(BulkChangeEntryOutput(changed).data)

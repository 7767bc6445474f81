"""What stands around the list of samples: what conditions may ask, saved views, samples alike, spot checks."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from datasets_app.core import conditions
from datasets_app.core.conditions import FIELDS, OPERATORS
from datasets_app.core.conditions.kinds import Choice
from datasets_app.models import Dataset, Sample, SavedView, SpotCheck, SpotCheckEntry
from datasets_app.services import browse, similar, spot_checks, views
from ftstudio.accounts.policy import allows
from ftstudio.web.texts import say

from .loading import ApiCursor, read, visible
from .serializers.lists import (
    FilterOutput,
    SimilarOutput,
    SpotCheckDetailOutput,
    SpotCheckEntryInput,
    SpotCheckEntryOutput,
    SpotCheckInput,
    SpotCheckOutput,
    ViewDeletedOutput,
    ViewInput,
    ViewOutput,
    ViewRestoreInput,
    ViewUpdateInput,
)


class ByName(ApiCursor):
    ordering = ("name", "pk")


class NewestCheckFirst(ApiCursor):
    ordering = ("-at", "-pk")


def _dataset(request: Request, pk: UUID) -> Dataset:
    found: Dataset = visible(Dataset.objects.select_related("project"), request, pk=pk)
    return found


class DatasetFilter(APIView):
    @extend_schema(
        parameters=[OpenApiParameter("where", OpenApiTypes.STR, description="A condition, as text or as JSON.")],
        responses=FilterOutput,
    )
    def get(self, request: Request, pk: UUID) -> Response:
        """What a condition may ask; and with `where` that condition as text and JSON, and how many samples pass."""
        dataset = _dataset(request, pk)
        secret = allows(request.user, dataset.project_id, "gold.manage")
        filters = browse.Filters.parse(request.query_params, me=request.user.pk)
        condition = filters.where.condition
        return Response(
            {
                "asked": [
                    {
                        "name": field.name, "label": say(field.label), "kind": field.kind.name,
                        "operators": [{"name": name, "label": say(OPERATORS[name])} for name in field.kind.operators],
                        "values": list(field.kind.words) if isinstance(field.kind, Choice) else None,
                    }
                    for field in FIELDS.values()
                    if secret or not field.secret
                ],
                "where": str(filters.where),
                "condition": conditions.to_data(condition) if condition else None,
                "count": browse.count(dataset=dataset, filters=filters),
            }
        )  # fmt: skip


class ViewList(ListAPIView[SavedView]):
    """My saved views of the dataset's list, and those that others share."""

    serializer_class = ViewOutput
    pagination_class = ByName
    queryset = SavedView.objects.none()

    def get_queryset(self) -> QuerySet[SavedView]:
        return views.of(actor=self.request.user, dataset=_dataset(self.request, self.kwargs["pk"]))  # type: ignore[arg-type]

    @extend_schema(request=ViewInput, responses={201: ViewOutput})
    def post(self, request: Request, pk: UUID) -> Response:
        """Keep filters, columns and order under a name; a name of mine that is taken gets the new content."""
        view = views.save(actor=request.user, dataset=_dataset(request, pk), **read(ViewInput, request))
        return Response(ViewOutput(view).data, status=201)


def _view(request: Request, pk: UUID) -> SavedView:
    found: SavedView = visible(SavedView.objects.select_related("dataset__project", "by"), request, pk=pk)
    return found


class ViewDetail(APIView):
    @extend_schema(responses=ViewOutput)
    def get(self, request: Request, pk: UUID) -> Response:
        """One saved view."""
        return Response(ViewOutput(_view(request, pk)).data)

    @extend_schema(request=ViewUpdateInput, responses=ViewOutput)
    def patch(self, request: Request, pk: UUID) -> Response:
        """Rename it, share it, or give it other filters, columns or order."""
        view = views.update(actor=request.user, view=_view(request, pk), **read(ViewUpdateInput, request))
        return Response(ViewOutput(view).data)

    @extend_schema(responses=ViewDeletedOutput)
    def delete(self, request: Request, pk: UUID) -> Response:
        """Delete it; `deleted` puts it back for a day."""
        return Response({"deleted": views.delete(actor=request.user, view=_view(request, pk))})


class ViewRestore(APIView):
    @extend_schema(request=ViewRestoreInput, responses={201: ViewOutput})
    def post(self, request: Request, pk: UUID) -> Response:
        """Put a deleted view back."""
        dataset = _dataset(request, pk)
        view = views.restore(actor=request.user, dataset=dataset, **read(ViewRestoreInput, request))
        return Response(ViewOutput(view).data, status=201)


class SampleSimilar(APIView):
    @extend_schema(responses=SimilarOutput(many=True))
    def get(self, request: Request, pk: int) -> Response:
        """The samples of the dataset most like this one, the most alike first."""
        sample: Sample = visible(Sample.objects.all(), request, pk=pk)
        return Response(SimilarOutput(similar.like(sample=sample), many=True).data)


class SpotCheckList(ListAPIView[SpotCheck]):
    """The dataset's spot checks, the newest first."""

    serializer_class = SpotCheckOutput
    pagination_class = NewestCheckFirst
    queryset = SpotCheck.objects.none()

    def get_queryset(self) -> QuerySet[SpotCheck]:
        return SpotCheck.objects.filter(dataset=_dataset(self.request, self.kwargs["pk"])).select_related("by")

    @extend_schema(request=SpotCheckInput, responses={201: SpotCheckOutput})
    def post(self, request: Request, pk: UUID) -> Response:
        """Draw samples at random out of those that pass the filters."""
        check = spot_checks.draw(actor=request.user, dataset=_dataset(request, pk), **read(SpotCheckInput, request))
        return Response(SpotCheckOutput(check).data, status=201)


class SpotCheckDetail(APIView):
    @extend_schema(responses=SpotCheckDetailOutput)
    def get(self, request: Request, pk: UUID) -> Response:
        """A spot check with what was drawn and what it says about all."""
        check: Any = visible(SpotCheck.objects.select_related("by"), request, pk=pk)
        check.drawn = check.entries.select_related("by").order_by("number")
        return Response(SpotCheckDetailOutput(check).data)


class SpotCheckJudge(APIView):
    @extend_schema(request=SpotCheckEntryInput, responses=SpotCheckEntryOutput)
    def post(self, request: Request, pk: UUID, number: int) -> Response:
        """Say whether the sample was right as it was drawn; null takes that back."""
        rows = SpotCheckEntry.objects.select_related("spot_check__dataset")
        entry: SpotCheckEntry = visible(rows, request, spot_check=pk, number=number)
        judged = spot_checks.judge(actor=request.user, entry=entry, **read(SpotCheckEntryInput, request))
        return Response(SpotCheckEntryOutput(judged).data)

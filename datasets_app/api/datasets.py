"""Datasets through the API."""

from __future__ import annotations

from uuid import UUID

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from datasets_app.models import Dataset
from datasets_app.services import checks, datasets
from ftstudio.accounts.models import Project

from .loading import NewestFirst, read, visible
from .serializers.datasets import DatasetChangeInput, DatasetDetailOutput, DatasetInput, DatasetOutput


class DatasetList(ListAPIView[Dataset]):
    """The datasets of my projects, newest first."""

    serializer_class = DatasetOutput
    pagination_class = NewestFirst
    queryset = Dataset.objects.none()

    def get_queryset(self) -> QuerySet[Dataset]:
        return Dataset.objects.visible_to(self.request.user)

    @extend_schema(request=DatasetInput, responses={201: DatasetDetailOutput})
    def post(self, request: Request) -> Response:
        """Make a dataset."""
        given = read(DatasetInput, request)
        project = visible(Project.objects.all(), request, pk=given.pop("project"))
        return Response(_shown(datasets.create(actor=request.user, project=project, **given)), status=201)


class DatasetDetail(APIView):
    @extend_schema(responses=DatasetDetailOutput)
    def get(self, request: Request, pk: UUID) -> Response:
        """One dataset, with its counters."""
        return Response(_shown(visible(Dataset.objects.all(), request, pk=pk)))

    @extend_schema(request=DatasetChangeInput, responses=DatasetDetailOutput)
    def patch(self, request: Request, pk: UUID) -> Response:
        """Change it; a new contract, profile or base model has its samples graded again."""
        dataset = visible(Dataset.objects.all(), request, pk=pk)
        changed = datasets.update(actor=request.user, dataset=dataset, **read(DatasetChangeInput, request))
        return Response(_shown(changed))


class CheckCancel(APIView):
    @extend_schema(request=None, responses=DatasetOutput)
    def post(self, request: Request, pk: UUID) -> Response:
        """Stop grading its samples again. Some are graded by the old rules then, and `rule_set_version` is empty;
        giving the contract, profile or base model again grades all of them."""
        dataset = visible(Dataset.objects.select_related("project"), request, pk=pk)
        return Response(DatasetOutput(checks.cancel(actor=request.user, dataset=dataset)).data)


def _shown(dataset: Dataset) -> object:
    counts = datasets.counts(dataset)
    context = {"counts": counts, "quality": datasets.quality(dataset), "size": datasets.size(dataset, counts)}
    return DatasetDetailOutput(dataset, context=context).data

"""Trying a contract through the API, before it is saved."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from datasets_app.models import Dataset
from datasets_app.services import trials
from ftstudio.accounts.models import Project

from .loading import read, visible
from .serializers.trials import DatasetTrialInput, TrialInput, TrialOutput

_SETTINGS = ("contract", "profile", "base_model", "system_prompt")


class DatasetTrial(APIView):
    @extend_schema(request=DatasetTrialInput, responses=TrialOutput)
    def post(self, request: Request, pk: UUID) -> Response:
        """What these settings would say of a pasted text and of some samples, beside what the stored ones say.

        Settings that are left out are the dataset's. Nothing is stored.
        """
        dataset = visible(Dataset.objects.select_related("project"), request, pk=pk)
        given: dict[str, Any] = {name: getattr(dataset, name) for name in _SETTINGS}
        given |= read(DatasetTrialInput, request)
        trial = trials.run(actor=request.user, project=dataset.project, dataset=dataset, **given)
        return Response(TrialOutput(trial).data)


class ProjectTrial(APIView):
    @extend_schema(request=TrialInput, responses=TrialOutput)
    def post(self, request: Request, pk: UUID) -> Response:
        """What the settings of a dataset that is still to be made would say of a pasted text. Nothing is stored."""
        project = visible(Project.objects.all(), request, pk=pk)
        return Response(TrialOutput(trials.run(actor=request.user, project=project, **read(TrialInput, request))).data)

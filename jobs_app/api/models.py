"""Tuned models through the API: what can be called, how it was trained to be called, and where it comes from."""

from __future__ import annotations

from uuid import UUID

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import generics
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from jobs_app.models import ModelVersion

from .connections import NewestFirst
from .serializers import ModelVersionOutput


def visible(request: Request) -> QuerySet[ModelVersion]:
    rows = ModelVersion.objects.visible_to(request.user)
    return rows.select_related("connection", "job").defer("connection__credential")


class ModelVersionList(generics.ListAPIView[ModelVersion]):
    serializer_class = ModelVersionOutput
    pagination_class = NewestFirst
    queryset = ModelVersion.objects.none()

    def get_queryset(self) -> QuerySet[ModelVersion]:
        return visible(self.request)


class ModelVersionDetail(APIView):
    @extend_schema(responses=ModelVersionOutput)
    def get(self, request: Request, pk: UUID) -> Response:
        return Response(ModelVersionOutput(get_object_or_404(visible(request), pk=pk)).data)

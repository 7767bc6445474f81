"""Guideline versions through the API."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from datasets_app.models import Dataset, Guideline
from datasets_app.services import guidelines
from ftstudio.accounts.api.serializers import PersonOutput

from .loading import HighestNumberFirst, read, visible


class GuidelineOutput(serializers.ModelSerializer[Guideline]):
    by = PersonOutput(allow_null=True)

    class Meta:
        model = Guideline
        fields = ("number", "text", "note", "by", "at")


class GuidelineInput(serializers.Serializer[Any]):
    """`base` is the version that was edited: with it, a newer one is not overwritten unseen (409)."""

    text = serializers.CharField(allow_blank=True, trim_whitespace=False)
    note = serializers.CharField(required=False, allow_blank=True, default="")
    base = serializers.IntegerField(required=False, allow_null=True, default=None)


class GuidelineList(ListAPIView[Guideline]):
    """The versions of a dataset's guideline, newest first."""

    serializer_class = GuidelineOutput
    pagination_class = HighestNumberFirst
    queryset = Guideline.objects.none()

    def get_queryset(self) -> QuerySet[Guideline]:
        return guidelines.versions(visible(Dataset.objects.all(), self.request, pk=self.kwargs["pk"]))

    @extend_schema(request=GuidelineInput, responses={201: GuidelineOutput})
    def post(self, request: Request, pk: UUID) -> Response:
        """Put a new version in force and tell everybody in the project."""
        dataset = visible(Dataset.objects.select_related("project"), request, pk=pk)
        made = guidelines.publish(actor=request.user, dataset=dataset, **read(GuidelineInput, request))
        return Response(GuidelineOutput(made).data if made else None, status=201)


class GuidelineDetail(APIView):
    @extend_schema(responses=GuidelineOutput)
    def get(self, request: Request, pk: UUID, number: int) -> Response:
        """One version."""
        kept = guidelines.versions(visible(Dataset.objects.all(), request, pk=pk))
        return Response(GuidelineOutput(get_object_or_404(kept, number=number)).data)

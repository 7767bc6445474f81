"""A person's draft on a sample through the API: what was typed and not saved."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from datasets_app.models import Draft, Sample
from datasets_app.services import drafts

from .loading import read, visible
from .serializers.fields import ObjectField


class DraftOutput(serializers.Serializer[Draft]):
    """`fields` are the form's fields by name, each a list of texts; `sequence` orders the drafts of one sample."""

    base_revision = serializers.IntegerField()
    sequence = serializers.IntegerField()
    window = serializers.CharField()
    at = serializers.DateTimeField()

    def get_fields(self) -> dict[str, Any]:
        return {**super().get_fields(), "fields": ObjectField()}  # a name that the serializer needs for itself


class DraftInput(serializers.Serializer[Any]):
    """`sequence` grows with every draft; `replaces` is the sequence of another window's draft that was seen."""

    base_revision = serializers.IntegerField(min_value=1)
    sequence = serializers.IntegerField(min_value=1, max_value=2**53)
    window = serializers.CharField(max_length=40, required=False, allow_blank=True, default="")
    replaces = serializers.IntegerField(min_value=0, max_value=2**53, required=False, default=0)

    def get_fields(self) -> dict[str, Any]:
        texts = serializers.ListField(child=serializers.CharField(allow_blank=True, trim_whitespace=False))
        return {**super().get_fields(), "fields": serializers.DictField(child=texts)}


class SampleDraft(APIView):
    def sample(self, request: Request, pk: int) -> Sample:
        found: Sample = visible(Sample.objects.select_related("dataset"), request, pk=pk)
        return found

    @extend_schema(responses={200: DraftOutput, 204: None})
    def get(self, request: Request, pk: int) -> Response:
        """My draft on the sample; 204 when there is none."""
        draft = drafts.read(actor=request.user, sample=self.sample(request, pk))
        return Response(DraftOutput(draft).data) if draft else Response(status=204)

    @extend_schema(request=DraftInput, responses=DraftOutput)
    def put(self, request: Request, pk: int) -> Response:
        """Keep a draft; 409 when a newer one of mine, from another window, is kept already."""
        sample = self.sample(request, pk)
        return Response(DraftOutput(drafts.keep(actor=request.user, sample=sample, **read(DraftInput, request))).data)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, pk: int) -> Response:
        """Throw my draft away."""
        drafts.forget(actor=request.user, sample=self.sample(request, pk))
        return Response(status=204)

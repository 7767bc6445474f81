"""What changed between two revisions, through the API."""

from __future__ import annotations

from typing import Any

from django.shortcuts import get_object_or_404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from datasets_app.core import samples as core
from datasets_app.core.revision_diff import changes
from datasets_app.models import Revision, Sample
from datasets_app.services import annotations as annotating
from ftstudio.errors import InvalidInput, Text

from .loading import visible


class StepOutput(serializers.Serializer[Any]):
    kind = serializers.ChoiceField(("equal", "insert", "delete"))
    text = serializers.CharField()


class ChangeOutput(serializers.Serializer[Any]):
    """One field of one turn, or the declared tools, with the steps from the older text to the newer."""

    part = serializers.ChoiceField(("tools", "rejected", "messages"))
    role = serializers.CharField()
    field = serializers.CharField()
    ops = StepOutput(many=True)


class RevisionDiffOutput(serializers.Serializer[Any]):
    against = serializers.IntegerField(
        allow_null=True, help_text="The revision it is compared with; null for the first."
    )
    changes = ChangeOutput(many=True)


class RevisionDiff(APIView):
    @extend_schema(
        responses=RevisionDiffOutput,
        parameters=[
            OpenApiParameter(
                "against", OpenApiTypes.INT, description="Number of another revision; else the one before."
            )
        ],
    )
    def get(self, request: Request, pk: int, number: int) -> Response:
        """How a revision differs from the one before it, or from any other; only what differs is listed."""
        revisions = annotating.past(visible(Sample.objects.select_related("dataset"), request, pk=pk), request.user)
        revision = get_object_or_404(revisions, number=number)
        asked = request.query_params.get("against", "")
        if asked and not (asked.isdecimal() and len(asked) < 10):
            raise InvalidInput(against=Text("This is not the number of a revision."))
        other: Revision | None = (
            get_object_or_404(revisions, number=int(asked)) if asked else revisions.filter(number__lt=number).first()
        )
        new = core.from_json(revision.payload)
        found = changes(core.from_json(other.payload), new) if other else []
        shown = {"against": other.number if other else None, "changes": [one for one in found if one.differs]}
        return Response(RevisionDiffOutput(shown).data)

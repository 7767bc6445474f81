"""The live check through the API: what would be said of a content, before it is saved."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from datasets_app.core import samples as core
from datasets_app.core.findings import Finding
from datasets_app.core.tokens import Cut
from datasets_app.models import Revision, Sample
from datasets_app.services import samples
from datasets_app.services.datasets import checker_of
from ftstudio.web.texts import say

from .loading import read, visible
from .serializers.datasets import CountedByOutput
from .serializers.fields import MessagesField, ObjectField, ObjectsField


class CheckInput(serializers.Serializer[Any]):
    """Parts that are left out are checked as the sample has them now."""

    messages = MessagesField(required=False)
    rejected = MessagesField(required=False)
    tools = ObjectsField(required=False)


class CheckedFinding(serializers.Serializer[Finding]):
    """A finding of a content that is not stored: `path` is a JSON Pointer, `start` and `end` count code points."""

    rule = serializers.CharField()
    severity = serializers.CharField()
    path = serializers.CharField()
    start = serializers.IntegerField(allow_null=True)
    end = serializers.IntegerField(allow_null=True)
    message = serializers.SerializerMethodField()
    fix = serializers.SerializerMethodField()

    def get_message(self, finding: Finding) -> str:
        return say(finding.message)

    def get_fix(self, finding: Finding) -> dict[str, Any] | None:
        fix = finding.fix
        return None if fix is None else {"start": fix.start, "end": fix.end, "replacement": fix.replacement}


class CutOutput(serializers.Serializer[Cut]):
    turn = serializers.IntegerField()
    start = serializers.IntegerField()


class CheckOutput(serializers.Serializer[Any]):
    """`tokens` per turn, `tokens_total` with tools and template, `distance` in characters from the rejected answer.

    `counted_by` says whether the tokens are exact, and which limit applies; `cut` where it falls: the turn (from 0)
    and the first character that is lost.
    """

    findings = CheckedFinding(many=True)
    requirements = serializers.ListField(child=ObjectField())
    tokens = serializers.ListField(child=serializers.IntegerField())
    tokens_total = serializers.IntegerField()
    cut = CutOutput(allow_null=True)
    counted_by = CountedByOutput()
    distance = serializers.IntegerField()


class SampleCheck(APIView):
    @extend_schema(request=CheckInput, responses=CheckOutput)
    def post(self, request: Request, pk: int) -> Response:
        """Check a content against the dataset's contract without saving it."""
        sample = visible(Sample.objects.select_related("dataset"), request, pk=pk)
        now = Revision.objects.get(sample=sample, number=sample.revision_number)
        data = {**core.to_data(core.from_json(now.payload)), **read(CheckInput, request)}
        seen = samples.preview(dataset=sample.dataset, data=data)
        requirements = [{"text": say(text), "met": met, "rule": rule} for text, met, rule in seen.requirements]
        answer = {"findings": seen.findings, "tokens": seen.tokens, "distance": seen.distance}
        answer |= {"tokens_total": seen.total, "cut": seen.cut, "counted_by": checker_of(sample.dataset)}
        return Response(CheckOutput({**answer, "requirements": requirements}).data)

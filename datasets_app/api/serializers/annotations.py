"""Annotations and adjudications as the API takes and gives them."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from datasets_app.core import samples as core
from datasets_app.core import workflow
from datasets_app.models import Adjudication, Annotation
from datasets_app.models.adjudication import Cause, Way
from datasets_app.models.decision import Choice
from ftstudio.accounts.api.serializers import PersonOutput

from .fields import MessagesField, ObjectsField
from .samples import ContentOutput, DecisionOutput, FindingOutput, found_in


class AnnotationOutput(serializers.ModelSerializer[Annotation]):
    """One person's own version of a sample and verdict on it. `took` in milliseconds, null if it is not known."""

    by = PersonOutput()
    tags = serializers.ListField(child=serializers.CharField())
    content = serializers.SerializerMethodField()
    findings = serializers.SerializerMethodField()

    class Meta:
        model = Annotation
        fields = (
            "id", "sample", "by", "base_revision", "verdict", "choice", "tags", "reason", "took", "guideline_version",
            "at", "withdrawn_at", "content", "findings",
        )  # fmt: skip

    @extend_schema_field(ContentOutput)
    def get_content(self, annotation: Annotation) -> dict[str, Any]:
        content = core.to_data(core.from_json(annotation.payload))
        return {"tools": [], "rejected": [], "extras": {}, **content}

    @extend_schema_field(FindingOutput(many=True))
    def get_findings(self, annotation: Annotation) -> Any:
        found = found_in(core.from_json(annotation.payload), annotation.sample.dataset)
        return FindingOutput(found, many=True).data


class ContentInput(serializers.Serializer[Any]):
    """Parts that are left out are as in `base_revision`. `client_id` makes a repeated request harmless."""

    base_revision = serializers.IntegerField(min_value=1)
    messages = MessagesField(required=False)
    rejected = MessagesField(required=False)
    tools = ObjectsField(required=False)
    tags = serializers.ListField(child=serializers.CharField(), required=False)
    choice = serializers.CharField(required=False, allow_blank=True, default="", help_text=", ".join(Choice.values))
    reason = serializers.CharField(required=False, allow_blank=True, default="")
    took = serializers.IntegerField(required=False, allow_null=True, default=None)
    client_id = serializers.CharField(max_length=40, required=False, allow_null=True, default=None)


class AnnotationInput(ContentInput):
    verdict = serializers.CharField(help_text=", ".join(workflow.VERDICTS))
    order_seed = serializers.CharField(max_length=16, required=False, allow_blank=True, default="")


class AdjudicationInput(ContentInput):
    """`picked` is the id of the annotation that is taken as it is; merge and write send the content."""

    way = serializers.CharField(help_text=", ".join(Way.values))
    picked = serializers.IntegerField(required=False, allow_null=True, default=None)
    verdict = serializers.CharField(
        required=False, allow_blank=True, default="", help_text=", ".join(workflow.VERDICTS)
    )
    cause = serializers.CharField(help_text=", ".join(Cause.values))
    note = serializers.CharField(required=False, allow_blank=True, default="")


class AdjudicationOutput(serializers.ModelSerializer[Adjudication]):
    """How a dispute was ended. `to_do`: the guideline should say something about its cause and does not yet."""

    by = PersonOutput()
    done_by = PersonOutput(allow_null=True)
    decision = DecisionOutput()
    to_do = serializers.BooleanField(source="is_to_do")

    class Meta:
        model = Adjudication
        fields = (
            "id",
            "sample",
            "way",
            "picked",
            "cause",
            "note",
            "decision",
            "by",
            "at",
            "to_do",
            "done_at",
            "done_by",
        )


class DoneInput(serializers.Serializer[Any]):
    done = serializers.BooleanField()

"""Samples, revisions and decisions as the API takes and gives them."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from datasets_app.core import samples as core
from datasets_app.core.findings import SEVERITIES
from datasets_app.models import Annotation, Dataset, Decision, FindingRow, Revision, RevisionSource, Sample
from datasets_app.models.decision import Choice, Stage, Verdict
from datasets_app.pipeline.grading import FINDING_COLUMNS, checker_of, finding_values, worst_key
from ftstudio.accounts.api.serializers import PersonOutput
from ftstudio.web.texts import from_line, from_row, say

from .fields import MessagesField, ObjectField, ObjectsField


class SampleRowOutput(serializers.ModelSerializer[Sample]):
    """A sample as lists show it, without its content. `cluster` names its near duplicates, 0 where it has none."""

    worst = serializers.SerializerMethodField()
    revision = serializers.IntegerField(source="revision_number")

    class Meta:
        model = Sample
        fields = (
            "id", "dataset", "position", "revision", "status", "split", "tokens", "worst", "findings_total",
            "has_rejected", "label", "cluster", "title", "snippet", "changed_at",
        )  # fmt: skip

    @extend_schema_field(serializers.ChoiceField((*SEVERITIES, "clean")))
    def get_worst(self, sample: Sample) -> str:
        return worst_key(sample.worst)


class SamplePageOutput(serializers.Serializer[Any]):
    """`total` is null when no kept counter knows it."""

    next = serializers.URLField(allow_null=True)
    previous = serializers.URLField(allow_null=True)
    total = serializers.IntegerField(allow_null=True)
    results = SampleRowOutput(many=True)


class FindingOutput(serializers.ModelSerializer[FindingRow]):
    """`path` is a JSON Pointer; `start` and `end` count code points of the text there. `waived`: a lead let it pass.

    `rule_set_version` is that of the rules which found it.
    """

    message = serializers.SerializerMethodField()
    fix = ObjectField(allow_null=True)

    class Meta:
        model = FindingRow
        fields = ("rule", "severity", "path", "start", "end", "message", "fix", "waived", "rule_set_version")

    def get_message(self, finding: FindingRow) -> str:
        return say(from_row(finding.message))


def found_in(content: core.Sample, dataset: Dataset) -> list[FindingRow]:
    """What the rules find in a content that is no sample's newest one: rows that are not stored."""
    checker = checker_of(dataset)
    return [
        FindingRow(
            **dict(
                zip(
                    FINDING_COLUMNS,
                    finding_values(finding, dataset_id=dataset.pk, sample_id=0, revision_id=0, version=checker.version),
                    strict=True,
                )
            )
        )
        for finding in checker.check(content)
    ]


class ContentOutput(serializers.Serializer[Any]):
    """What a revision holds."""

    messages = MessagesField()
    tools = ObjectsField()
    rejected = MessagesField()
    extras = ObjectField()


def content_of(revision: Revision) -> dict[str, Any]:
    """The fields of `ContentOutput`, all of them there."""
    return {"tools": [], "rejected": [], "extras": {}, **core.to_data(core.from_json(revision.payload))}


class SampleOutput(ContentOutput):
    """A sample with the content of its newest revision, whose number is `revision`."""

    id = serializers.IntegerField()
    dataset = serializers.UUIDField()
    position = serializers.IntegerField()
    revision = serializers.IntegerField()
    status = serializers.CharField()
    split = serializers.CharField()
    tags = serializers.ListField(child=serializers.CharField())
    tokens = serializers.IntegerField()
    findings = FindingOutput(many=True)
    leased_until = serializers.DateTimeField(allow_null=True)


class SampleSaveInput(serializers.Serializer[Any]):
    """Parts that are left out stay as they are. `client_id` makes a repeated request harmless."""

    base_revision = serializers.IntegerField(min_value=1)
    messages = MessagesField(required=False)
    rejected = MessagesField(required=False)
    tools = ObjectsField(required=False)
    tags = serializers.ListField(child=serializers.CharField(), required=False)
    reason = serializers.CharField(required=False, allow_blank=True, default="")
    client_id = serializers.CharField(max_length=40, required=False, allow_null=True, default=None)


class SourceOutput(serializers.ModelSerializer[RevisionSource]):
    """Where a revision came from that no file and no person brought: a sentence and the address of its page."""

    says = serializers.SerializerMethodField()

    class Meta:
        model = RevisionSource
        fields = ("says", "path", "pair")

    def get_says(self, source: RevisionSource) -> str:
        return say(from_line(source.says))


class RevisionOutput(serializers.ModelSerializer[Revision]):
    author = PersonOutput(allow_null=True)
    source = SourceOutput(read_only=True, default=None)

    class Meta:
        model = Revision
        fields = (
            "number", "content_hash", "origin", "reason", "author", "at", "guideline_version", "rule_set_version",
            "source",
        )  # fmt: skip


class RevisionDetailOutput(RevisionOutput):
    """A revision with its content and what was found in it while it was the newest."""

    content = serializers.SerializerMethodField()
    findings = FindingOutput(many=True, read_only=True)

    class Meta(RevisionOutput.Meta):
        fields = (*RevisionOutput.Meta.fields, "content", "findings")  # type: ignore[assignment]

    @extend_schema_field(ContentOutput)
    def get_content(self, revision: Revision) -> dict[str, Any]:
        return content_of(revision)


class DecisionOutput(serializers.ModelSerializer[Decision]):
    revision = serializers.IntegerField(source="revision.number")
    by = PersonOutput()

    class Meta:
        model = Decision
        fields = (
            "id", "sample", "revision", "decision", "choice", "stage", "status_before", "status_after", "reason",
            "took", "guideline_version", "by", "at", "undone_at",
        )  # fmt: skip


def decision_output(made: Decision | Annotation) -> dict[str, Any]:
    """What the person said, in the shape of `DecisionOutput`, also where it was said apart."""
    if isinstance(made, Decision):
        return DecisionOutput(made).data
    return {
        "id": made.pk, "sample": made.sample_id, "revision": made.base_revision, "decision": made.verdict,
        "choice": made.choice, "stage": Stage.FIRST, "status_before": "pending", "status_after": "",
        "reason": made.reason, "took": made.took, "guideline_version": made.guideline_version,
        "by": PersonOutput(made.by).data, "at": made.at, "undone_at": made.withdrawn_at,
    }  # fmt: skip


class DecisionInput(serializers.Serializer[Any]):
    """`revision` is the number of the revision that was looked at."""

    decision = serializers.CharField(help_text=", ".join(Verdict.values))
    revision = serializers.IntegerField(min_value=1)
    client_id = serializers.CharField(max_length=40, required=False, allow_null=True, default=None)
    reason = serializers.CharField(required=False, allow_blank=True, default="")
    choice = serializers.CharField(required=False, allow_blank=True, default="", help_text=", ".join(Choice.values))
    order_seed = serializers.CharField(max_length=16, required=False, allow_blank=True, default="")
    took = serializers.IntegerField(
        required=False, allow_null=True, default=None, help_text="Milliseconds of looking and typing."
    )


class NextInput(serializers.Serializer[Any]):
    """`after`: the position of the sample that is being left; `filter` holds the filters of the sample list.

    `ahead`: it is to be shown after the one at `after`, which is said by `shown`; it is held for a shorter time.
    """

    filter = ObjectField(required=False)
    after = serializers.IntegerField(required=False, allow_null=True, default=None, min_value=0)
    ahead = serializers.BooleanField(required=False, default=False)

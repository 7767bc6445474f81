"""Shapes of the data side of the API: what goes in and what comes out are apart."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from datasets_app.core import samples as core
from datasets_app.core.findings import SEVERITIES
from datasets_app.core.splitting import SIDES
from datasets_app.models import Dataset, Decision, Export, FindingRow, Revision, Sample, Snapshot, Upload
from datasets_app.models.decision import Verdict
from datasets_app.pipeline.grading import worst_key
from ftstudio.accounts.api.serializers import PersonOutput
from ftstudio.web.texts import from_row, say

JSON_OBJECT = {"type": "object", "additionalProperties": True}
MESSAGE = {
    "type": "object",
    "required": ["role", "content"],
    "properties": {
        "role": {"type": "string"},
        "content": {"oneOf": [{"type": "string"}, {"type": "array", "items": JSON_OBJECT}, {"type": "null"}]},
    },
    "additionalProperties": True,
}


@extend_schema_field(JSON_OBJECT)
class ObjectField(serializers.JSONField):
    """A JSON object."""

    default_error_messages = {"not_an_object": "Send an object."}

    def to_internal_value(self, data: Any) -> Any:
        value = super().to_internal_value(data)
        if not isinstance(value, dict):
            self.fail("not_an_object")
        return value


@extend_schema_field({"type": "array", "items": MESSAGE})
class MessagesField(serializers.JSONField):
    """Turns in the storage form of a sample; the service reads them value by value."""


@extend_schema_field({"type": "array", "items": JSON_OBJECT})
class ObjectsField(serializers.JSONField):
    """A list of JSON objects."""


class TextField(serializers.CharField):
    """Text as it was written: white space at its ends may be the point."""

    def __init__(self, **how: Any) -> None:
        super().__init__(**{"trim_whitespace": False, "allow_blank": True, **how})


@extend_schema_field(
    {
        "type": ["object", "null"],
        "properties": {"code": {"type": "string"}, "message": {"type": "string"}},
    }
)
class ErrorField(serializers.Field[Any, Any, Any, Any]):
    """Why something failed, in the reader's language."""

    def to_representation(self, value: Any) -> dict[str, str]:
        return {"code": value["code"], "message": say(from_row(value))}


# Datasets


class DatasetOutput(serializers.ModelSerializer[Dataset]):
    """A dataset. `checking`: its samples are being graded again, because its rules changed."""

    contract = ObjectField()
    checking = serializers.SerializerMethodField()

    class Meta:
        model = Dataset
        fields = (
            "id", "project", "name", "description", "contract", "guideline", "guideline_version", "system_prompt",
            "profile", "rule_set_version", "checking", "samples_total", "created_at", "changed_at",
        )  # fmt: skip

    def get_checking(self, dataset: Dataset) -> bool:
        return bool(dataset.checking_version)


class RuleQualityOutput(serializers.Serializer[Any]):
    """`n` of `total` samples have a finding of the rule; `low` and `high` bound the share with 95 % (Wilson)."""

    rule = serializers.CharField()
    severity = serializers.ChoiceField(SEVERITIES)
    n = serializers.IntegerField()
    total = serializers.IntegerField()
    share = serializers.FloatField()
    low = serializers.FloatField()
    high = serializers.FloatField()


@extend_schema_field({"type": "object", "additionalProperties": {"type": "integer"}})
class CounterField(serializers.DictField):
    """Key → number of samples."""


class CountsOutput(serializers.Serializer[Any]):
    status = CounterField()
    rule = CounterField()
    split = CounterField()
    tag = CounterField()
    worst = CounterField()


class DatasetDetailOutput(DatasetOutput):
    """A dataset with what its kept counters say."""

    counts = serializers.SerializerMethodField()
    quality = serializers.SerializerMethodField()

    class Meta(DatasetOutput.Meta):
        fields = (*DatasetOutput.Meta.fields, "counts", "quality")  # type: ignore[assignment]

    @extend_schema_field(CountsOutput)
    def get_counts(self, dataset: Dataset) -> Any:
        return self.context["counts"]

    @extend_schema_field(RuleQualityOutput(many=True))
    def get_quality(self, dataset: Dataset) -> Any:
        return RuleQualityOutput(self.context["quality"], many=True).data


class DatasetChangeInput(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=100, required=False)
    description = serializers.CharField(max_length=300, required=False, allow_blank=True)
    contract = ObjectField(required=False)
    guideline = TextField(required=False)
    system_prompt = TextField(required=False)
    profile = serializers.CharField(max_length=40, required=False)


class DatasetInput(DatasetChangeInput):
    name = serializers.CharField(max_length=100)
    project = serializers.UUIDField()


# Uploads


class UploadOutput(serializers.ModelSerializer[Upload]):
    """An imported file. `offset` of `size` bytes have been read so far."""

    error = ErrorField()

    class Meta:
        model = Upload
        fields = (
            "id", "dataset", "name", "size", "sha256", "format", "codec", "state", "offset", "rows_total",
            "rows_accepted", "rows_rejected", "rows_duplicate", "error", "created_at", "started_at", "finished_at",
        )  # fmt: skip


class UploadInput(serializers.Serializer[Any]):
    """`again`: take the file in although this dataset has had it before."""

    file = serializers.FileField(allow_empty_file=True)
    format = serializers.CharField(max_length=40, required=False, default="auto")
    again = serializers.BooleanField(required=False, default=False)


# Samples


class SampleRowOutput(serializers.ModelSerializer[Sample]):
    """A sample as lists show it, without its content."""

    worst = serializers.SerializerMethodField()
    revision = serializers.IntegerField(source="revision_number")

    class Meta:
        model = Sample
        fields = (
            "id", "dataset", "position", "revision", "status", "split", "tokens", "worst", "findings_total",
            "has_rejected", "title", "snippet", "changed_at",
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
    """`path` is a JSON Pointer; `start` and `end` count code points of the text there."""

    message = serializers.SerializerMethodField()
    fix = ObjectField(allow_null=True)

    class Meta:
        model = FindingRow
        fields = ("rule", "severity", "path", "start", "end", "message", "fix")

    def get_message(self, finding: FindingRow) -> str:
        return say(from_row(finding.message))


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


class RevisionOutput(serializers.ModelSerializer[Revision]):
    author = PersonOutput(allow_null=True)

    class Meta:
        model = Revision
        fields = (
            "number", "content_hash", "origin", "reason", "author", "at", "guideline_version", "rule_set_version",
        )  # fmt: skip


class RevisionDetailOutput(RevisionOutput):
    """A revision with its content."""

    content = serializers.SerializerMethodField()

    class Meta(RevisionOutput.Meta):
        fields = (*RevisionOutput.Meta.fields, "content")  # type: ignore[assignment]

    @extend_schema_field(ContentOutput)
    def get_content(self, revision: Revision) -> dict[str, Any]:
        return content_of(revision)


class DecisionOutput(serializers.ModelSerializer[Decision]):
    revision = serializers.IntegerField(source="revision.number")
    by = PersonOutput()

    class Meta:
        model = Decision
        fields = ("id", "sample", "revision", "decision", "reason", "by", "at", "undone_at")


class DecisionInput(serializers.Serializer[Any]):
    """`revision` is the number of the revision that was looked at."""

    decision = serializers.CharField(help_text=", ".join(Verdict.values))
    revision = serializers.IntegerField(min_value=1)
    client_id = serializers.CharField(max_length=40, required=False, allow_null=True, default=None)
    reason = serializers.CharField(required=False, allow_blank=True, default="")


class NextInput(serializers.Serializer[Any]):
    """`after`: the position of the sample that is being left."""

    after = serializers.IntegerField(required=False, allow_null=True, default=None, min_value=0)


# Snapshots and exports


class SnapshotOutput(serializers.ModelSerializer[Snapshot]):
    shares = ObjectField()
    filter = ObjectField()
    contract = ObjectField()
    counts = ObjectField()
    error = ErrorField()

    class Meta:
        model = Snapshot
        fields = (
            "id", "dataset", "number", "state", "shares", "seed", "group_by", "filter", "contract", "guideline",
            "guideline_version", "system_prompt", "profile", "rule_set_version", "content_hash", "counts", "error",
            "created_at",
        )  # fmt: skip


class SharesInput(serializers.Serializer[Any]):
    """Whole percentages that add up to 100."""

    train = serializers.IntegerField(required=False, default=0)
    validation = serializers.IntegerField(required=False, default=0)
    test = serializers.IntegerField(required=False, default=0)


class SnapshotInput(serializers.Serializer[Any]):
    """Shares are 90/10/0 unless given; `filter` holds the filters of the sample list."""

    shares = SharesInput(required=False)
    seed = serializers.IntegerField(required=False, default=0)
    group_by = serializers.CharField(max_length=100, required=False, allow_blank=True, default="")
    filter = ObjectField(required=False)


class ExportOutput(serializers.ModelSerializer[Export]):
    waivers = ObjectsField()
    manifest = ObjectField()
    error = ErrorField()

    class Meta:
        model = Export
        fields = (
            "id", "snapshot", "codec", "split", "state", "rows_written", "size", "sha256", "waivers", "manifest",
            "error", "created_at", "finished_at",
        )  # fmt: skip


class ExportWaiveInput(serializers.Serializer[Any]):
    """Let error findings pass: why, and which rules (all of them unless named)."""

    reason = serializers.CharField(max_length=300)
    rules = serializers.ListField(child=serializers.CharField(), required=False)


class ExportInput(serializers.Serializer[Any]):
    codec = serializers.CharField(max_length=40)
    split = serializers.ChoiceField(("all", *SIDES), required=False, default="all")
    waive = ExportWaiveInput(required=False, allow_null=True, default=None)

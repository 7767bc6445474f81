"""Datasets as the API takes and gives them; what goes in and what comes out are apart."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from datasets_app.core.engine import Checker
from datasets_app.core.findings import SEVERITIES
from datasets_app.core.sizes import TASKS, Meter
from datasets_app.models import Dataset
from datasets_app.models.dataset import Desk, Mode
from datasets_app.services.datasets import checker_of
from ftstudio.web.texts import say

from .fields import ObjectField, TextField


class TagsField(serializers.ListField):
    """Tags in the order of the keys 1 to 9."""

    child = serializers.CharField()


class CountedByOutput(serializers.Serializer[Checker]):
    """The encoder that counts tokens, whether its counts are exact, and the limit of one sample (null: none known).

    `limit_confirmed`: false where no provider states the limit for good; `uncertain`: what the rule profile does not
    know of its provider.
    """

    encoder = serializers.CharField(source="encoder.name")
    exact = serializers.BooleanField(source="encoder.exact")
    limit = serializers.IntegerField(allow_null=True)
    limit_confirmed = serializers.BooleanField()
    uncertain = serializers.SerializerMethodField()

    def get_uncertain(self, checker: Checker) -> list[str]:
        return [say(note) for note in checker.profile.uncertain]


class SizeOutput(serializers.Serializer[Meter]):
    """What the number of samples comes to for the kind of task: `level` is error, warning or ok."""

    level = serializers.CharField()
    samples = serializers.IntegerField()
    least = serializers.IntegerField(source="task.least")
    enough = serializers.IntegerField(source="task.enough")
    ideal = serializers.IntegerField(source="task.ideal")
    advice = serializers.SerializerMethodField()
    source = serializers.SerializerMethodField()

    def get_advice(self, meter: Meter) -> str:
        return say(meter.advice)

    def get_source(self, meter: Meter) -> str:
        return say(meter.task.source)


class DatasetOutput(serializers.ModelSerializer[Dataset]):
    """A dataset. `checking`: its samples are being graded again, because its rules changed; `checking_progress` says
    how far that is, from 0 to 1.

    `counted_by` says how the tokens of its samples are counted, which `base_model` decides.
    """

    contract = ObjectField()
    error_tags = TagsField()
    counted_by = serializers.SerializerMethodField()
    checking = serializers.SerializerMethodField()
    checking_progress = serializers.FloatField(read_only=True, allow_null=True)

    class Meta:
        model = Dataset
        fields = (
            "id", "project", "name", "description", "contract", "guideline", "guideline_version", "system_prompt",
            "profile", "base_model", "task", "licence", "contrast_template", "mode", "overlap", "error_tags", "desk",
            "counted_by", "rule_set_version", "checking", "checking_progress", "samples_total",
            "created_at", "changed_at",
        )  # fmt: skip

    @extend_schema_field(CountedByOutput)
    def get_counted_by(self, dataset: Dataset) -> Any:
        return CountedByOutput(checker_of(dataset)).data

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
    size = serializers.SerializerMethodField()

    class Meta(DatasetOutput.Meta):
        fields = (*DatasetOutput.Meta.fields, "counts", "quality", "size")  # type: ignore[assignment]

    @extend_schema_field(CountsOutput)
    def get_counts(self, dataset: Dataset) -> Any:
        return self.context["counts"]

    @extend_schema_field(RuleQualityOutput(many=True))
    def get_quality(self, dataset: Dataset) -> Any:
        return RuleQualityOutput(self.context["quality"], many=True).data

    @extend_schema_field(SizeOutput(allow_null=True))
    def get_size(self, dataset: Dataset) -> Any:
        meter = self.context["size"]
        return None if meter is None else SizeOutput(meter).data


class DatasetChangeInput(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=100, required=False)
    description = serializers.CharField(max_length=300, required=False, allow_blank=True)
    contract = ObjectField(required=False)
    guideline = TextField(required=False)
    system_prompt = TextField(required=False)
    profile = serializers.CharField(max_length=40, required=False)
    base_model = serializers.CharField(max_length=100, required=False, allow_blank=True)
    task = serializers.CharField(max_length=20, required=False, allow_blank=True, help_text=", ".join(TASKS))
    licence = serializers.CharField(max_length=100, required=False, allow_blank=True)
    contrast_template = TextField(required=False)
    mode = serializers.CharField(max_length=10, required=False, help_text=", ".join(Mode.values))
    overlap = serializers.IntegerField(required=False, help_text="In mode overlap: how many people, 2 to 10.")
    error_tags = TagsField(required=False)
    desk = serializers.CharField(
        max_length=10, required=False, allow_blank=True, help_text=f"{', '.join(Desk.values)}; empty: by the contract"
    )


class DatasetInput(DatasetChangeInput):
    name = serializers.CharField(max_length=100)
    project = serializers.UUIDField()

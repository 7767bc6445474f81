"""Datasets as the API takes and gives them; what goes in and what comes out are apart."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from datasets_app.core.findings import SEVERITIES
from datasets_app.models import Dataset

from .fields import ObjectField, TextField


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

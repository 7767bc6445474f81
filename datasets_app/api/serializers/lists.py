"""Conditions, saved views, samples alike and spot checks as the API takes and gives them."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from datasets_app.models import SavedView, SpotCheck, SpotCheckEntry
from datasets_app.services import spot_checks
from ftstudio.accounts.api.serializers import PersonOutput

from .fields import ObjectField
from .samples import SampleRowOutput


class OperatorOutput(serializers.Serializer[Any]):
    name = serializers.CharField()
    label = serializers.CharField()


class ConditionFieldOutput(serializers.Serializer[Any]):
    """`kind` is choice, word, phrase, number, flag, moment, person or identity; `values` those of a choice."""

    name = serializers.CharField()
    label = serializers.CharField()
    kind = serializers.CharField()
    operators = OperatorOutput(many=True)
    values = serializers.ListField(child=serializers.CharField(), allow_null=True)


class FilterOutput(serializers.Serializer[Any]):
    """`count` is null above ten thousand where no kept counter knows."""

    asked = ConditionFieldOutput(many=True)
    where = serializers.CharField()
    condition = ObjectField(allow_null=True)
    count = serializers.IntegerField(allow_null=True)


class ViewOutput(serializers.ModelSerializer[SavedView]):
    """`filter` holds the filters of the sample list, `columns` what it shows ([]: the usual), `order` how it runs."""

    filter = ObjectField()
    columns = serializers.ListField(child=serializers.CharField())
    by = PersonOutput()

    class Meta:
        model = SavedView
        fields = ("id", "dataset", "name", "filter", "columns", "order", "shared", "by", "at")


class ViewUpdateInput(serializers.Serializer[Any]):
    """What is left out stays as it is."""

    name = serializers.CharField(required=False, max_length=200, allow_blank=True)
    filter = ObjectField(required=False)
    columns = serializers.ListField(child=serializers.CharField(max_length=40), required=False, max_length=40)
    order = serializers.CharField(required=False, allow_blank=True, max_length=40)
    shared = serializers.BooleanField(required=False)


class ViewInput(ViewUpdateInput):
    """`filter` holds the filters of the sample list."""

    name = serializers.CharField(max_length=200, allow_blank=True)


class ViewDeletedOutput(serializers.Serializer[Any]):
    """`deleted` is what `restore` takes."""

    deleted = serializers.CharField()


class ViewRestoreInput(serializers.Serializer[Any]):
    deleted = serializers.CharField(max_length=20_000)


class SimilarOutput(serializers.Serializer[Any]):
    """`similarity` is the share of trigrams that both have, from 0 to 1."""

    similarity = serializers.FloatField()
    sample = SampleRowOutput()


class EstimateOutput(serializers.Serializer[Any]):
    """Of `seen` samples `wrong` were wrong; with 95 % confidence the rate among all lies between `low` and `high`."""

    size = serializers.IntegerField()
    seen = serializers.IntegerField()
    wrong = serializers.IntegerField()
    population = serializers.IntegerField()
    rate = serializers.FloatField(allow_null=True)
    low = serializers.FloatField()
    high = serializers.FloatField()
    wrong_at_least = serializers.IntegerField()
    wrong_at_most = serializers.IntegerField()


class SpotCheckEntryOutput(serializers.ModelSerializer[SpotCheckEntry]):
    """`right` is null until somebody has looked; `revision_number` is what was drawn."""

    by = PersonOutput(allow_null=True)

    class Meta:
        model = SpotCheckEntry
        fields = ("number", "sample", "revision_number", "right", "note", "by", "at")


class SpotCheckOutput(serializers.ModelSerializer[SpotCheck]):
    filter = ObjectField()
    by = PersonOutput()
    estimate = serializers.SerializerMethodField()

    class Meta:
        model = SpotCheck
        fields = ("id", "dataset", "filter", "seed", "size", "population", "by", "at", "estimate")

    @extend_schema_field(EstimateOutput)
    def get_estimate(self, check: SpotCheck) -> Any:
        return EstimateOutput(spot_checks.estimate(check)).data


class SpotCheckDetailOutput(SpotCheckOutput):
    """With what was drawn."""

    entries = SpotCheckEntryOutput(many=True, source="drawn")

    class Meta(SpotCheckOutput.Meta):
        fields = (*SpotCheckOutput.Meta.fields, "entries")  # type: ignore[assignment]


class SpotCheckInput(serializers.Serializer[Any]):
    """`filter` holds the filters of the sample list; without `seed`, chance."""

    filter = ObjectField(required=False)
    size = serializers.IntegerField(required=False, default=spot_checks.SIZE)
    seed = serializers.IntegerField(required=False, allow_null=True, default=None)


class SpotCheckEntryInput(serializers.Serializer[Any]):
    right = serializers.BooleanField(allow_null=True)
    note = serializers.CharField(required=False, allow_blank=True, default="")

"""The trial of a contract as the API takes and gives it."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from datasets_app.api.checks import CheckedFinding
from datasets_app.core.findings import SEVERITIES
from datasets_app.core.trials import RuleChange
from datasets_app.models import Sample
from datasets_app.services import trials
from datasets_app.services.trials import OfPasted, OfSamples, Trial
from ftstudio.web.texts import say

from .fields import ObjectField, TextField


class TrialInput(serializers.Serializer[Any]):
    """`answer` is an answer to `question`, or, without one, a row in any format or an answer by itself."""

    contract = ObjectField(required=False, default=dict)
    profile = serializers.CharField(max_length=40, required=False)
    base_model = serializers.CharField(max_length=100, required=False, allow_blank=True)
    system_prompt = TextField(required=False)
    answer = TextField(required=False)
    question = TextField(required=False)


class DatasetTrialInput(TrialInput):
    """`drawn` samples by lot of the `seed`, and the `newest` ones, are looked at; 0 for none."""

    contract = ObjectField(required=False)
    drawn = serializers.IntegerField(
        required=False, min_value=0, max_value=trials.MOST_DRAWN, help_text=f"Left out: {trials.DRAWN}."
    )
    newest = serializers.IntegerField(
        required=False, min_value=0, max_value=trials.MOST_NEWEST, help_text=f"Left out: {trials.NEWEST}."
    )
    seed = serializers.IntegerField(required=False, min_value=0, max_value=trials.LARGEST_SEED)


class TrialPastedOutput(serializers.Serializer[OfPasted]):
    """`read_as` is the format of a row, "" of an answer; `passes_before` is null without stored rules; `new` and `gone`
    are the rules that speak only now, or no longer."""

    read_as = serializers.CharField(source="pasted.format")
    passes = serializers.BooleanField(source="after.passes")
    passes_before = serializers.SerializerMethodField()
    findings = CheckedFinding(many=True, source="after.findings")
    new = serializers.SerializerMethodField()
    gone = serializers.ListField(child=serializers.CharField())
    requirements = serializers.SerializerMethodField()
    tokens = serializers.IntegerField()
    exact = serializers.BooleanField(help_text="Whether the tokens are counted, not estimated.")

    def get_passes_before(self, said: OfPasted) -> bool | None:
        return said.before.passes if said.before else None

    def get_new(self, said: OfPasted) -> list[str]:
        return sorted(said.new)

    def get_requirements(self, said: OfPasted) -> list[dict[str, Any]]:
        return [{"text": say(text), "met": met} for text, met in said.requirements]


class TrialSampleOutput(serializers.ModelSerializer[Sample]):
    class Meta:
        model = Sample
        fields = ("id", "position", "title")


class TrialRuleOutput(serializers.Serializer[RuleChange]):
    """One rule: the samples it speaks about `before` and `after`, how many are `new` or `gone`, and the first of them.

    A severity is "" where the rule says nothing.
    """

    rule = serializers.CharField()
    severity_before = serializers.ChoiceField([*SEVERITIES, ""])
    severity_after = serializers.ChoiceField([*SEVERITIES, ""])
    before = serializers.IntegerField()
    after = serializers.IntegerField()
    new = serializers.IntegerField()
    gone = serializers.IntegerField()
    newly = serializers.SerializerMethodField()
    no_longer = serializers.SerializerMethodField()

    def get_newly(self, change: RuleChange) -> list[dict[str, Any]]:
        return self._named(change.newly)

    def get_no_longer(self, change: RuleChange) -> list[dict[str, Any]]:
        return self._named(change.no_longer)

    def _named(self, keys: list[int]) -> list[dict[str, Any]]:
        named = self.context["named"]
        return [TrialSampleOutput(named[key]).data for key in keys if key in named]


class TrialSamplesOutput(serializers.Serializer[OfSamples]):
    """`looked` of `total` samples; fewer than `wanted` where the samples are so long that it ended early. A sample
    passes without an error, and is clean without any finding; waived findings do not count. Rules about the whole set
    are not asked."""

    looked = serializers.IntegerField(source="tally.looked")
    wanted = serializers.IntegerField()
    total = serializers.IntegerField()
    seed = serializers.IntegerField()
    passes_before = serializers.IntegerField(source="tally.passes_before")
    passes_after = serializers.IntegerField(source="tally.passes_after")
    clean_before = serializers.IntegerField(source="tally.clean_before")
    clean_after = serializers.IntegerField(source="tally.clean_after")
    rules = serializers.SerializerMethodField()

    def get_rules(self, seen: OfSamples) -> list[dict[str, Any]]:
        return list(TrialRuleOutput(seen.tally.changes, many=True, context={"named": seen.named}).data)


class TrialOutput(serializers.Serializer[Trial]):
    """`same`: these rules say what the stored ones say. `pasted` is null without a text, and
    `samples` without a dataset."""

    same = serializers.BooleanField()
    pasted = TrialPastedOutput(allow_null=True)
    samples = TrialSamplesOutput(allow_null=True)

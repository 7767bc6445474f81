"""The shapes of what an evaluation says: summaries, comparisons, reasons of failure."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from ftstudio.web.texts import say
from jobs_app.core.confusion import Label
from jobs_app.services.comparing import Failure


class SummaryOutput(serializers.Serializer[Any]):
    """`low`–`high`: 95 %. `bound`: where all passed or none did, the share that may still be otherwise."""

    value = serializers.FloatField(allow_null=True)
    n = serializers.IntegerField()
    low = serializers.FloatField(allow_null=True)
    high = serializers.FloatField(allow_null=True)
    applicable = serializers.IntegerField(help_text="Cases that have a value.")
    missing = serializers.IntegerField(help_text="Cases to which no answer came.")
    bound = serializers.FloatField(allow_null=True)


class ComparisonOutput(serializers.Serializer[Any]):
    """Arm b against arm a on the same cases. `word` speaks of b. `p` is exact McNemar for pass and fail, else from the
    paired bootstrap; `adjusted` is Holm's for `comparisons`."""

    metric = serializers.CharField()
    kind = serializers.ChoiceField(["pass", "share", "amount"])
    better = serializers.ChoiceField(["higher", "lower"])
    n = serializers.IntegerField()
    applicable = serializers.IntegerField()
    units = serializers.IntegerField(help_text="Independent ones: clusters, or cases that stand alone.")
    a = SummaryOutput()
    b = SummaryOutput()
    both = serializers.IntegerField(allow_null=True)
    only_a = serializers.IntegerField(allow_null=True)
    only_b = serializers.IntegerField(allow_null=True)
    neither = serializers.IntegerField(allow_null=True)
    difference = serializers.FloatField(allow_null=True, help_text="b − a")
    low = serializers.FloatField(allow_null=True)
    high = serializers.FloatField(allow_null=True)
    draws = serializers.IntegerField()
    seed = serializers.IntegerField()
    mcnemar = serializers.FloatField(allow_null=True)
    p = serializers.FloatField(allow_null=True)
    adjusted = serializers.FloatField(allow_null=True)
    comparisons = serializers.IntegerField()
    a_missing = serializers.IntegerField()
    b_missing = serializers.IntegerField()
    word = serializers.ChoiceField(["better", "worse", "no-clear-difference", "too-few"])
    size = serializers.ChoiceField(["anecdote", "indicative", "usable"])
    detectable = serializers.FloatField(
        allow_null=True, help_text="The difference that would show with a chance of 80 %."
    )


class SliceOutput(serializers.Serializer[Any]):
    """The cases with one tag. A case with two tags is in two of them, so they do not add up."""

    tag = serializers.CharField(help_text="Empty: the cases without any.")
    n = serializers.IntegerField()
    size = serializers.ChoiceField(["anecdote", "indicative", "usable"])
    summaries = SummaryOutput(many=True, help_text="Of each arm, by number.")


class TakenForOutput(serializers.Serializer[Any]):
    label = serializers.CharField(help_text="Empty: no label.")
    n = serializers.IntegerField()


class LabelOutput(serializers.Serializer[Any]):
    label = serializers.CharField()
    wanted = serializers.IntegerField(help_text="Cases whose reference has it.")
    given = serializers.IntegerField(help_text="Cases whose answer gives it.")
    right = serializers.IntegerField()
    precision = serializers.FloatField(allow_null=True)
    recall = serializers.FloatField(allow_null=True)
    f1 = serializers.FloatField(allow_null=True)
    taken_for = serializers.SerializerMethodField(
        help_text="Wrong answers where it was wanted, the most frequent first."
    )

    @extend_schema_field(TakenForOutput(many=True))
    def get_taken_for(self, row: Label) -> list[dict[str, Any]]:
        return [{"label": label, "n": n} for label, n in row.taken_for]


class LeafPathOutput(serializers.Serializer[Any]):
    path = serializers.CharField(help_text="A JSON Pointer; * is any entry of a list.")
    cases = serializers.IntegerField(help_text="Cases whose reference has it.")
    wanted = serializers.IntegerField(help_text="Leaves of the references.")
    given = serializers.IntegerField(help_text="Leaves of the answers.")
    right = serializers.IntegerField()
    wrong = serializers.IntegerField(help_text="Another value.")
    mistyped = serializers.IntegerField(help_text="Right but for the type.")
    missing = serializers.IntegerField()
    extra = serializers.IntegerField()
    precision = serializers.FloatField(allow_null=True)
    recall = serializers.FloatField(allow_null=True)
    f1 = serializers.FloatField()


class LeafPathsOutput(serializers.Serializer[Any]):
    rows = LeafPathOutput(many=True, help_text="The worst F1 first, at most 100.")
    more = serializers.IntegerField(help_text="Paths that are not among them.")


class FailureOutput(serializers.Serializer[Any]):
    rule = serializers.CharField(help_text="Empty: no answer came.")
    message = serializers.SerializerMethodField(help_text="Of one of these cases.")
    n = serializers.IntegerField()
    cases = serializers.ListField(child=serializers.IntegerField(), help_text="Numbers.")

    def get_message(self, failure: Failure) -> str:
        return say(failure.message)

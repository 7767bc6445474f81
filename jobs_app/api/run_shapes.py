"""The shapes of curves in the API: verdicts with their numbers, imported runs, several runs side by side."""

from __future__ import annotations

import math
from typing import Any

from rest_framework import serializers

from ftstudio.accounts.models import Project
from ftstudio.web.texts import say
from jobs_app.models import ImportedRun
from jobs_app.services import readings
from jobs_app.services.readings import Reading

from . import serializers as shapes


class MeasureOutput(serializers.Serializer[Any]):
    name = serializers.CharField()
    label = serializers.SerializerMethodField()
    value = serializers.SerializerMethodField()
    unit = serializers.CharField(help_text="% , nats, or empty for a plain number.")
    sign = serializers.CharField()
    threshold = serializers.FloatField(allow_null=True)
    met = serializers.BooleanField(allow_null=True)
    series = serializers.CharField()
    points = serializers.SerializerMethodField(help_text="[[step, value], …] that it rests on.")

    def get_label(self, measure: Any) -> str:
        return say(measure.label)

    def get_value(self, measure: Any) -> float | None:
        return measure.value if measure.value is not None and math.isfinite(measure.value) else None

    def get_points(self, measure: Any) -> list[list[float | None]]:
        return [[step, value if math.isfinite(value) else None] for step, value in measure.points]


class ProposalOutput(serializers.Serializer[Any]):
    name = serializers.CharField(help_text="What `next` is asked for by.")
    label = serializers.SerializerMethodField()
    reason = serializers.SerializerMethodField()
    changes = serializers.DictField()
    before = serializers.DictField()
    scale = serializers.SerializerMethodField()

    def get_label(self, proposal: Any) -> str:
        return say(proposal.label)

    def get_reason(self, proposal: Any) -> str:
        return say(proposal.reason)

    def get_scale(self, proposal: Any) -> str:
        return say(proposal.scale) if proposal.scale else ""


class StopOutput(serializers.Serializer[Any]):
    step = serializers.IntegerField()
    best = serializers.IntegerField()
    lowest = serializers.FloatField()


class ScoreOutput(serializers.Serializer[Any]):
    """A rate from 0 to 1 at a step, with its 95 % interval, over `n` cases."""

    step = serializers.IntegerField()
    value = serializers.FloatField()
    low = serializers.FloatField(allow_null=True)
    high = serializers.FloatField(allow_null=True)
    n = serializers.IntegerField(allow_null=True)


class VerdictOutput(serializers.Serializer[Any]):
    """`kind` is empty while there is nothing to judge."""

    kind = serializers.CharField()
    word = serializers.CharField()
    why = serializers.CharField()
    advice = serializers.CharField()
    grade = serializers.CharField(help_text="E0 to E3: how much the validation loss can carry.")
    suspected = serializers.BooleanField()
    series = serializers.CharField()
    best_step = serializers.IntegerField(allow_null=True)
    preferred_step = serializers.IntegerField(allow_null=True)
    missing = serializers.CharField(help_text="What would settle it.")
    hints = serializers.ListField(child=serializers.CharField(), help_text="Rules of thumb; they decide nothing.")
    measures = MeasureOutput(many=True)
    early_stop = StopOutput(allow_null=True)
    evaluation = serializers.UUIDField(allow_null=True, help_text="The one that `scores` are from.")
    metric = serializers.CharField(help_text="Of the scores.")
    scores = ScoreOutput(many=True, help_text="The task's own metric at the checkpoints.")
    next = ProposalOutput(many=True)


def said_of(reading: Reading) -> dict[str, Any]:
    """What `VerdictOutput` writes."""
    verdict, marked = reading.verdict, reading.marked
    scored = {
        "evaluation": marked.evaluation if marked else None,
        "metric": marked.metric if marked else "",
        "scores": reading.marks,
    }
    if verdict is None:
        empty = dict.fromkeys(("kind", "word", "why", "advice", "grade", "series", "missing"), "")
        nothing: dict[str, Any] = {"suspected": False, "best_step": None, "preferred_step": None, "early_stop": None}
        return {**empty, **nothing, **scored, "hints": [], "measures": [], "next": []}
    return {
        "kind": verdict.kind,
        "word": say(verdict.word),
        "why": say(verdict.why),
        "advice": say(verdict.advice),
        "grade": verdict.grade,
        "suspected": verdict.suspected,
        "series": verdict.series,
        "best_step": verdict.best,
        "preferred_step": verdict.prefer,
        "missing": say(verdict.missing) if verdict.missing else "",
        "hints": [say(hint) for hint in verdict.hints],
        "measures": verdict.measures,
        "early_stop": reading.stop,
        **scored,
        "next": readings.proposals_of(reading),
    }


class NextRunInput(serializers.Serializer[Any]):
    proposal = serializers.CharField(max_length=40, help_text="The name of one of `next` in the job's verdict.")


class RunOutput(serializers.ModelSerializer[ImportedRun]):
    columns = serializers.DictField(child=serializers.CharField(), read_only=True)
    recipe = serializers.DictField(read_only=True)

    class Meta:
        model = ImportedRun
        fields = (
            "id", "project", "name", "note", "source", "sha256", "columns", "counted_in", "steps", "figures", "recipe",
            "rows_train", "rows_validation", "epochs", "created_at",
        )  # fmt: skip
        read_only_fields = fields


class RunInput(serializers.Serializer[Any]):
    project = shapes.Visible(queryset=Project.objects.all())
    name = serializers.CharField(max_length=200)
    file = serializers.FileField(help_text="CSV with a header, a step or an epoch in each row.")
    columns = serializers.JSONField(required=False, help_text="Header → figure, where the headers do not say it.")
    recipe = serializers.JSONField(required=False, help_text="Settings by name, for comparison.")
    note = serializers.CharField(max_length=300, required=False, allow_blank=True, default="")
    rows_train = serializers.IntegerField(min_value=0, max_value=2**31 - 1, required=False, allow_null=True)
    rows_validation = serializers.IntegerField(min_value=0, max_value=2**31 - 1, required=False, allow_null=True)
    epochs = serializers.FloatField(required=False, allow_null=True)

    def _mapping(self, value: Any) -> dict[str, Any]:
        if not isinstance(value, dict) or not all(isinstance(key, str) for key in value):
            raise serializers.ValidationError("Give an object.")
        return value

    def validate_columns(self, value: Any) -> dict[str, str]:
        return {key: str(name) for key, name in self._mapping(value).items()}

    def validate_recipe(self, value: Any) -> dict[str, Any]:
        return self._mapping(value)


class ComparedOutput(serializers.Serializer[Any]):
    noun = serializers.CharField(help_text="job or run")
    id = serializers.UUIDField()
    name = serializers.CharField()
    verdict = VerdictOutput()
    cost = serializers.DecimalField(max_digits=12, decimal_places=4, allow_null=True)
    currency = serializers.CharField()
    seconds = serializers.FloatField(allow_null=True)


class SettingOutput(serializers.Serializer[Any]):
    name = serializers.CharField()
    values = serializers.ListField(help_text="Run by run; null where a run does not have it.")
    differs = serializers.BooleanField()


class Comparison(serializers.Serializer[Any]):
    runs = ComparedOutput(many=True)
    settings = SettingOutput(many=True)

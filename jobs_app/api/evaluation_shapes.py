"""The shapes of evaluations in the API: what is asked for, what is planned, what came of it."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from datasets_app.models import Dataset, Snapshot
from ftstudio.errors import InvalidInput, Text
from ftstudio.web.texts import from_row, say
from jobs_app.core.cases import CASES, FORMS, MOST_ARMS, MOST_CASES, MOST_SHOTS, SIDES
from jobs_app.core.scorers import SCORERS
from jobs_app.models import Advice, Arm, Case, Connection, Evaluation, JobFamily, ModelVersion, Outcome
from jobs_app.services.evaluations import ArmSpec, Plan

from .serializers import TRAINS_NOTHING, Said, Visible


class EvaluationArmInput(serializers.Serializer[Any]):
    """A tuned `version`, or a base `model`. What is left out is as the version was trained, else as the dataset has
    it."""

    connection = serializers.UUIDField()
    version = serializers.UUIDField(required=False, allow_null=True)
    model = serializers.CharField(max_length=200, required=False, allow_blank=True)
    written_as = serializers.ChoiceField(
        ["", *FORMS], required=False, help_text="The form in which it is asked to answer."
    )
    shots = serializers.IntegerField(required=False, help_text=f"Examples in the prompt, at most {MOST_SHOTS}.")
    temperature = serializers.FloatField(required=False, allow_null=True, help_text="0 is greedy.")
    system_prompt = serializers.CharField(
        required=False, allow_null=True, allow_blank=True, trim_whitespace=False, max_length=20_000
    )


class EvaluationPlanInput(serializers.Serializer[Any]):
    dataset = Visible(queryset=Dataset.objects.select_related("project"))
    arms = EvaluationArmInput(many=True, help_text=f"1 to {MOST_ARMS}; the others are compared with the first one.")
    side = serializers.CharField(
        required=False,
        allow_blank=True,
        max_length=10,
        help_text=f"{', '.join(SIDES)}. Empty: test, else validation. “train” is not held out.",
    )
    n = serializers.IntegerField(required=False, help_text=f"Cases, 1 to {MOST_CASES}; {CASES} if left out.")
    seed = serializers.IntegerField(required=False, help_text="Draws cases and examples.")
    snapshot = Visible(
        queryset=Snapshot.objects.select_related("dataset"), required=False, allow_null=True,
        help_text="The newest one if left out.",
    )  # fmt: skip
    metrics = serializers.ListField(
        child=serializers.ChoiceField(list(SCORERS)),
        required=False,
        help_text="The first one decides; all that apply to the contract if left out.",
    )
    group_by = serializers.CharField(
        max_length=100, required=False, allow_blank=True, help_text="What makes cases one cluster, as in a snapshot."
    )

    def validate_arms(self, given: list[dict[str, Any]]) -> list[ArmSpec]:
        """Read at once, however many there are; what the person cannot see does not exist."""
        user = self.context["request"].user
        connections = Connection.objects.visible_to(user).select_related("project").defer("credential", "secrets")
        versions = ModelVersion.objects.visible_to(user).select_related("job__after")
        rows: dict[str, Any] = {"connection": connections, "version": versions}
        known = {name: found.in_bulk({arm[name] for arm in given if arm.get(name)}) for name, found in rows.items()}
        wrong = {}
        for at, arm in enumerate(given):
            for name, by_id in known.items():
                if arm.get(name):
                    arm[name] = by_id.get(arm[name])
                    if arm[name] is None:
                        wrong[f"arms.{at}.{name}"] = Text("There is no such thing.")
        if wrong:
            raise InvalidInput.of(wrong)
        return [ArmSpec(**arm) for arm in given]


class AgainInput(serializers.Serializer[Any]):
    client_id = serializers.CharField(
        required=False, allow_null=True, default=None,
        help_text="An id of your own, at most 40 characters: sent again, the request begins no second evaluation.",
    )  # fmt: skip


class EvaluationInput(AgainInput, EvaluationPlanInput):
    name = serializers.CharField(max_length=200, required=False, allow_blank=True)
    advice = Visible(queryset=Advice.objects.select_related("dataset"), required=False, allow_null=True)
    family = Visible(queryset=JobFamily.objects.all(), required=False, allow_null=True)


class PlannedArmOutput(serializers.ModelSerializer[Arm]):
    estimate = serializers.DictField(read_only=True, help_text="prompt_tokens, completion_tokens, cost.")
    decoding = serializers.DictField(read_only=True)

    class Meta:
        model = Arm
        fields = (
            "number", "connection", "version", "model", "kind", "written_as", "shots", "system_prompt", "decoding",
            "price_input", "price_output", "estimate", "currency",
        )  # fmt: skip
        read_only_fields = fields

    kind = serializers.CharField(read_only=True, help_text="tuned, zero-shot, one-shot or few-shot.")


class EvaluationPlanOutput(serializers.Serializer[Any]):
    snapshot = serializers.UUIDField(source="snapshot.pk")
    side = serializers.CharField()
    n = serializers.IntegerField()
    metrics = serializers.ListField(child=serializers.CharField())
    arms = PlannedArmOutput(many=True)
    prompt_tokens = serializers.IntegerField()
    completion_tokens = serializers.IntegerField()
    costs = serializers.SerializerMethodField(help_text="Currency → what it comes to; null where a price is missing.")
    warnings = serializers.SerializerMethodField()

    @extend_schema_field(serializers.DictField(child=serializers.CharField(), allow_null=True))
    def get_costs(self, plan: Plan) -> dict[str, str] | None:
        return None if plan.costs is None else {currency: str(cost) for currency, cost in plan.costs.items()}

    @extend_schema_field(serializers.ListField(child=serializers.CharField()))
    def get_warnings(self, plan: Plan) -> list[str]:
        return [say(text) for text in plan.warnings]


class ArmOutput(PlannedArmOutput):
    """`strict` answers keep to the contract as they stand, `lenient` ones also in a fence; `errored` ones never came
    and count as failed. `scores` is there once it has ended: metric → value, n, low, high."""

    says = Said(read_only=True)
    rehearsal = serializers.BooleanField(source="connection.is_rehearsal", read_only=True, help_text=TRAINS_NOTHING)
    scores = serializers.DictField(read_only=True)
    examples = serializers.ListField(child=serializers.IntegerField(), read_only=True, help_text="Revisions.")

    class Meta:
        model = Arm
        fields = (
            "id", *PlannedArmOutput.Meta.fields, "rehearsal", "examples", "state", "asked", "strict", "lenient",
            "errored", "scores", "prompt_tokens", "completion_tokens", "cost", "says", "created_at", "finished_at",
        )  # fmt: skip
        read_only_fields = fields


class EvaluationOutput(serializers.ModelSerializer[Evaluation]):
    """`verdict` is by the first metric, of the arm compared last with number 0; empty until it has ended."""

    metrics = serializers.ListField(child=serializers.CharField(), read_only=True)
    verdict = serializers.DictField(read_only=True)

    class Meta:
        model = Evaluation
        fields = (
            "id", "project", "number", "name", "dataset", "snapshot", "side", "seed", "metrics", "group_by", "total",
            "state", "verdict", "advice", "family", "created_by", "created_at", "finished_at",
        )  # fmt: skip
        read_only_fields = fields


class EvaluationDetailOutput(EvaluationOutput):
    contract = serializers.DictField(read_only=True, help_text="The dataset's, on the day it was asked for.")
    arms = serializers.SerializerMethodField()

    class Meta(EvaluationOutput.Meta):
        fields = (*EvaluationOutput.Meta.fields, "contract", "arms")  # type: ignore[assignment]
        read_only_fields = fields  # type: ignore[assignment]

    @extend_schema_field(ArmOutput(many=True))
    def get_arms(self, evaluation: Evaluation) -> list[dict[str, Any]]:
        rows = evaluation.arms.select_related("connection").defer("changes", "connection__credential")
        return list(ArmOutput(rows.order_by("number"), many=True).data)


class OutcomeOutput(serializers.ModelSerializer[Outcome]):
    """`verdict`: empty while it has not been asked, else passed, fenced, failed or errored."""

    arm = serializers.IntegerField(source="arm.number", read_only=True, help_text="The arm's number.")
    calls = serializers.ListField(child=serializers.DictField(), read_only=True)
    scores = serializers.DictField(read_only=True)
    findings = serializers.SerializerMethodField()

    class Meta:
        model = Outcome
        fields = (
            "arm", "verdict", "answer", "calls", "finish_reason", "findings", "scores", "tries", "seconds",
            "prompt_tokens", "completion_tokens", "cost", "asked_at",
        )  # fmt: skip
        read_only_fields = fields

    @extend_schema_field(serializers.ListField(child=serializers.DictField()))
    def get_findings(self, outcome: Outcome) -> list[dict[str, str]]:
        return [{"rule": row["rule"], "message": say(from_row(row["message"]))} for row in outcome.findings]


class CaseOutput(serializers.ModelSerializer[Case]):
    tags = serializers.ListField(child=serializers.CharField(), read_only=True)
    outcomes = OutcomeOutput(many=True, read_only=True)

    class Meta:
        model = Case
        fields = ("number", "sample", "revision", "cluster", "tags", "sent_at", "outcomes")
        read_only_fields = fields

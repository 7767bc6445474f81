"""An evaluation: the same held-out questions, put to one or more models, each called in one way, and what came of it.

`Evaluation` fixes the cases and the yardstick, an `Arm` is one model called in one way, an `Outcome` is what an arm
answered to a case. Everything that could change the result is stored before the first question is asked.
"""

from __future__ import annotations

import uuid
from typing import Any

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from datasets_app.models import Dataset, Revision, Sample, Snapshot
from ftstudio.accounts.models.project import InProjectQuerySet, Project
from ftstudio.fields import OrderedJSONField

from .advice import Advice
from .asking import Asking, AskingQuerySet, AskingState
from .connection import Connection
from .family import JobFamily
from .model_version import ModelVersion


class Evaluation(models.Model):
    """`contract` and `metrics` are the yardstick, fixed before the first question; the first metric decides.

    `state` follows the arms: it is done when all of them have ended, and failed when none of them was measured.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    project = models.ForeignKey(Project, models.CASCADE, related_name="evaluations")
    dataset = models.ForeignKey(Dataset, models.CASCADE, related_name="evaluations")
    snapshot = models.ForeignKey(Snapshot, models.PROTECT, related_name="evaluations")
    number = models.PositiveIntegerField()  # within the project, from 1
    name = models.CharField(_("name"), max_length=200)
    side = models.CharField(max_length=10)  # of the snapshot from which the cases were drawn
    seed = models.BigIntegerField(default=0)
    contract = OrderedJSONField(default=dict)  # the output contract of the dataset on that day
    metrics = OrderedJSONField(default=list)  # names of core.scorers; the first one decides
    group_by = models.CharField(max_length=200, blank=True)  # what makes cases one cluster, as in a snapshot's split
    total = models.PositiveIntegerField(default=0)  # cases
    state = models.CharField(max_length=10, choices=AskingState.choices, default=AskingState.WAITING)
    # Once it has ended, by the first metric: {"a", "b": arm numbers, "metric", "word", "size", "n", "difference",
    # "low", "high"}, of the last arm against number 0. For lists, which read no outcomes; empty for one arm alone.
    verdict = OrderedJSONField(default=dict)
    # What it was made for, where it was made for something: a question of the advisor, a family of jobs.
    advice = models.ForeignKey(Advice, models.CASCADE, null=True, blank=True, related_name="evaluations")
    family = models.ForeignKey(JobFamily, models.SET_NULL, null=True, blank=True, related_name="evaluations")
    client_id = models.CharField(max_length=40, null=True, blank=True)  # noqa: DJ001  (NULL: not unique)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    objects = InProjectQuerySet.as_manager()

    class Meta:
        ordering = ("-created_at",)
        constraints = (
            models.UniqueConstraint(fields=("project", "number"), name="one_evaluation_per_number"),
            models.UniqueConstraint(
                fields=("dataset", "created_by", "client_id"),
                name="one_evaluation_per_request",
                condition=models.Q(client_id__isnull=False),
            ),
        )

    def __str__(self) -> str:
        return self.name

    @property
    def is_final(self) -> bool:
        return self.state not in (AskingState.WAITING, AskingState.RUNNING)


class ArmQuerySet(AskingQuerySet):
    project_path = "evaluation__project"


class Arm(Asking):
    """One model, called in one way. `number` 0 is what the others are compared with.

    `version` is None for a base model. `written_as` is the form in which it is asked to answer (core.inference);
    examples from the training side stand before each question. The counters are of the cases asked so far.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    evaluation = models.ForeignKey(Evaluation, models.CASCADE, related_name="arms")
    number = models.PositiveSmallIntegerField()
    connection = models.ForeignKey(Connection, models.PROTECT, related_name="arms")
    version = models.ForeignKey(ModelVersion, models.SET_NULL, null=True, blank=True, related_name="arms")
    written_as = models.CharField(max_length=20, default="text")
    shots = models.PositiveSmallIntegerField(default=0)
    asked = models.PositiveIntegerField(default=0)
    strict = models.PositiveIntegerField(default=0)  # keep to the contract as they stand
    lenient = models.PositiveIntegerField(default=0)  # … once a fence around them is taken off
    errored = models.PositiveIntegerField(default=0)  # no answer came; they count as failed
    # Once it has ended: metric → {"value", "n", "low", "high"}, rates from 0 to 1 with their 95 % interval.
    scores = OrderedJSONField(default=dict)
    # … and against arm number 0: metric → `core.comparison.Comparison` as data; empty for that one itself.
    changes = OrderedJSONField(default=dict)
    # … and how each path of its JSON fared: `pipeline.leaf_paths.Paths` as data.
    paths = OrderedJSONField(default=dict)

    objects = ArmQuerySet.as_manager()

    class Meta:
        ordering = ("number",)
        constraints = (models.UniqueConstraint(fields=("evaluation", "number"), name="one_arm_per_number"),)

    def __str__(self) -> str:
        return f"{self.model} {self.kind}"

    @property
    def kind(self) -> str:
        """What is measured: "tuned", or the prompt alone with so many examples."""
        if self.version_id:
            return "tuned"
        return {0: "zero-shot", 1: "one-shot"}.get(self.shots, "few-shot")

    @property
    def summary(self) -> dict[str, Any]:
        """What an `Advice` keeps of it."""
        evaluation = self.evaluation
        return {
            "evaluation": str(evaluation.pk), "arm": self.kind, "shots": self.shots, "model": self.model,
            "side": evaluation.side, "snapshot": evaluation.snapshot.number, "seed": evaluation.seed, "n": self.asked,
            "passed": self.strict, "lenient": self.lenient, "errored": self.errored,
            "prompt_tokens": self.prompt_tokens, "completion_tokens": self.completion_tokens,
            "cost": None if self.cost is None else str(self.cost), "currency": self.currency,
            "rehearsal": self.connection.is_rehearsal,
        }  # fmt: skip


class Case(models.Model):
    """One question: a sample of the snapshot, in the revision that was frozen. `cluster` names what it has in common
    with others, so that an interval does not count them as independent; blank for one that stands alone."""

    evaluation = models.ForeignKey(Evaluation, models.CASCADE, related_name="cases")
    number = models.PositiveIntegerField()
    sample = models.ForeignKey(Sample, models.CASCADE, related_name="+")
    revision = models.ForeignKey(Revision, models.CASCADE, related_name="+")
    cluster = models.CharField(max_length=64, blank=True)
    tags = OrderedJSONField(default=list)  # of the sample on that day: rates are also shown for each
    sent_at = models.DateTimeField(null=True, blank=True)  # to the annotators, or into preference pairs

    class Meta:
        ordering = ("number",)
        constraints = (models.UniqueConstraint(fields=("evaluation", "number"), name="one_case_per_number"),)

    def __str__(self) -> str:
        return f"{self.number}"


class Outcome(models.Model):
    """What an arm answered to a case. `verdict`: "" not asked yet, "passed", "fenced", "failed" or "errored"."""

    arm = models.ForeignKey(Arm, models.CASCADE, related_name="outcomes")
    case = models.ForeignKey(Case, models.CASCADE, related_name="outcomes")
    verdict = models.CharField(max_length=10, blank=True)
    answer = models.TextField(blank=True)  # as it came; of a tool call its arguments
    calls = OrderedJSONField(default=list)  # the tool calls of the answer, as they came
    finish_reason = models.CharField(max_length=40, blank=True)
    findings = OrderedJSONField(default=list)  # [{"rule", "message"}], errors of the answer
    scores = OrderedJSONField(default=dict)  # metric → number, None where it does not apply
    tries = models.PositiveSmallIntegerField(default=0)  # requests sent for it
    seconds = models.FloatField(null=True, blank=True)  # of the request that was answered
    prompt_tokens = models.PositiveIntegerField(null=True, blank=True)
    completion_tokens = models.PositiveIntegerField(null=True, blank=True)
    cost = models.DecimalField(max_digits=12, decimal_places=6, null=True, blank=True)
    asked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("case__number",)
        constraints = (models.UniqueConstraint(fields=("arm", "case"), name="one_outcome_per_arm_and_case"),)

    def __str__(self) -> str:
        return self.verdict

"""A trial: a model is asked held-out questions of a dataset, and the dataset's contract grades what it answers."""

from __future__ import annotations

import uuid
from typing import Any

from django.db import models

from datasets_app.models import Revision, Sample
from ftstudio.fields import OrderedJSONField

from .advice import Advice
from .asking import Asking, AskingQuerySet
from .connection import Connection
from .model_version import ModelVersion


class TrialQuerySet(AskingQuerySet):
    project_path = "advice__project"


class Trial(Asking):
    """Everything that could change the result is fixed when it is asked for: cases, examples, prompt, contract.

    `shots` examples stand before each question, from the training side. The counters are those of the cases
    that have been asked.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    advice = models.ForeignKey(Advice, models.CASCADE, related_name="trials")
    connection = models.ForeignKey(Connection, models.PROTECT, related_name="trials")
    version = models.ForeignKey(ModelVersion, models.SET_NULL, null=True, blank=True, related_name="trials")
    shots = models.PositiveSmallIntegerField(default=0)
    side = models.CharField(max_length=10)  # of the snapshot from which the cases were drawn
    snapshot_number = models.PositiveIntegerField()
    total = models.PositiveIntegerField(default=0)
    asked = models.PositiveIntegerField(default=0)
    strict = models.PositiveIntegerField(default=0)  # keep to the contract as they stand
    lenient = models.PositiveIntegerField(default=0)  # … once a fence around them is taken off
    errored = models.PositiveIntegerField(default=0)  # no answer came; they count as failed

    objects = TrialQuerySet.as_manager()

    class Meta:
        ordering = ("-created_at",)

    def __str__(self) -> str:
        return f"{self.model} {self.arm}"

    @property
    def arm(self) -> str:
        """What is measured: "tuned", or the prompt alone with so many examples."""
        if self.version_id:
            return "tuned"
        return {0: "zero-shot", 1: "one-shot"}.get(self.shots, "few-shot")

    @property
    def summary(self) -> dict[str, Any]:
        """What an `Advice` keeps of it."""
        return {
            "trial": str(self.pk), "arm": self.arm, "shots": self.shots, "model": self.model, "side": self.side,
            "snapshot": self.snapshot_number, "seed": self.seed, "n": self.asked, "passed": self.strict,
            "lenient": self.lenient, "errored": self.errored, "prompt_tokens": self.prompt_tokens,
            "completion_tokens": self.completion_tokens, "cost": None if self.cost is None else str(self.cost),
            "currency": self.currency, "rehearsal": self.connection.is_rehearsal,
        }  # fmt: skip


class TrialCase(models.Model):
    """One question and what came of it. `outcome`: "" not asked yet, "passed", "fenced", "failed" or "errored"."""

    trial = models.ForeignKey(Trial, models.CASCADE, related_name="cases")
    number = models.PositiveIntegerField()
    sample = models.ForeignKey(Sample, models.CASCADE, related_name="+")
    revision = models.ForeignKey(Revision, models.CASCADE, related_name="+")
    outcome = models.CharField(max_length=10, blank=True)
    answer = models.TextField(blank=True)
    finish_reason = models.CharField(max_length=40, blank=True)
    findings = OrderedJSONField(default=list)  # [{"rule", "message"}], errors of the answer
    prompt_tokens = models.PositiveIntegerField(null=True, blank=True)
    completion_tokens = models.PositiveIntegerField(null=True, blank=True)
    cost = models.DecimalField(max_digits=12, decimal_places=6, null=True, blank=True)
    asked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("number",)
        constraints = (models.UniqueConstraint(fields=("trial", "number"), name="one_case_per_number_of_a_trial"),)

    def __str__(self) -> str:
        return f"{self.number}"

"""A synthesis: a model is asked for pairs of an error and its correction, and the dataset's contract sorts them."""

from __future__ import annotations

import uuid

from django.db import models

from datasets_app.models import Dataset, Upload
from ftstudio.fields import OrderedJSONField

from .asking import Asking, AskingQuerySet
from .connection import Connection
from .evaluation import Evaluation


class SynthesisQuerySet(AskingQuerySet):
    project_path = "dataset__project"


class Synthesis(Asking):
    """Everything that could change the result is fixed when it is asked for: template, domains, examples, contract.

    `examples` are revision ids, or where it began with what a model got wrong in an `evaluation`, the pairs themselves
    (`core.samples` data). `taken_at`: since when its choice of candidates is fixed, because somebody takes them into
    the dataset.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    dataset = models.ForeignKey(Dataset, models.CASCADE, related_name="syntheses")
    connection = models.ForeignKey(Connection, models.PROTECT, related_name="syntheses")
    evaluation = models.ForeignKey(Evaluation, models.SET_NULL, null=True, blank=True, related_name="syntheses")
    template = models.TextField()
    domains = OrderedJSONField(default=list)  # names
    wanted = models.PositiveIntegerField()
    asks = models.PositiveIntegerField(default=0)  # sent so far, those without an answer included
    most_asks = models.PositiveIntegerField()
    verified = models.PositiveIntegerField(default=0)  # candidates that keep to the contract
    refused = models.PositiveIntegerField(default=0)  # … and what did not become one
    upload = models.ForeignKey(Upload, models.SET_NULL, null=True, blank=True, related_name="+")
    taken_at = models.DateTimeField(null=True, blank=True)
    client_id = models.CharField(max_length=40, null=True, blank=True)  # noqa: DJ001  (NULL: not unique)

    objects = SynthesisQuerySet.as_manager()

    class Meta:
        ordering = ("-created_at",)
        verbose_name_plural = "syntheses"
        constraints = (
            models.UniqueConstraint(
                fields=("dataset", "created_by", "client_id"),
                name="one_synthesis_per_request",
                condition=models.Q(client_id__isnull=False),
            ),
        )

    def __str__(self) -> str:
        return f"{self.model} {self.created_at:%Y-%m-%d}"


class Candidate(models.Model):
    """One pair that a model proposed. `reason`: "" for one that counts, else one of core.candidates.REASONS."""

    synthesis = models.ForeignKey(Synthesis, models.CASCADE, related_name="candidates")
    number = models.PositiveIntegerField()
    domain = models.CharField(max_length=40, blank=True)
    question = models.TextField(blank=True)  # of an unreadable one what stood there
    wrong = models.TextField(blank=True)
    right = models.TextField(blank=True)
    reason = models.CharField(max_length=20, blank=True)
    findings = OrderedJSONField(default=list)  # [{"rule", "message"}]: of the wrong answer, or against the pair
    fingerprint = models.CharField(max_length=32, blank=True)  # core.duplicates.question_fingerprint
    chosen = models.BooleanField(default=True)  # a person wants it in the dataset

    class Meta:
        ordering = ("number",)
        constraints = (
            models.UniqueConstraint(fields=("synthesis", "number"), name="one_candidate_per_number_of_a_synthesis"),
        )

    def __str__(self) -> str:
        return f"{self.number}"

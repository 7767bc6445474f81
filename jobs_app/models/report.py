"""What a provider reports of a job, stored once: events, metrics, checkpoints. Unique keys make polling repeatable."""

from __future__ import annotations

from django.db import models

from ftstudio.fields import OrderedJSONField
from ftstudio.web.texts import from_line

from .job import Job

OURS = "ftstudio-"  # how the ids of the events begin that we write ourselves: what was sent, what was answered


class JobEvent(models.Model):
    job = models.ForeignKey(Job, models.CASCADE, related_name="events", db_index=False)
    provider_id = models.CharField(max_length=100)
    at = models.DateTimeField()
    level = models.CharField(max_length=10)  # info, warning or error
    message = models.TextField()
    data = OrderedJSONField(null=True)
    raw = OrderedJSONField(null=True)  # the provider's own object, for who wants to see it

    class Meta:
        ordering = ("at", "id")
        constraints = (models.UniqueConstraint(fields=("job", "provider_id"), name="one_row_per_event"),)

    def __str__(self) -> str:
        return self.message[:60]

    @property
    def is_ours(self) -> bool:
        """Written by us, not by the provider."""
        return self.provider_id.startswith(OURS)

    @property
    def says(self) -> str:
        """The message for people; one of ours can be translated."""
        return from_line(self.message) if self.is_ours else self.message


class JobMetric(models.Model):
    job = models.ForeignKey(Job, models.CASCADE, related_name="metrics", db_index=False)
    step = models.PositiveIntegerField()
    name = models.CharField(max_length=60)
    value = models.FloatField()

    class Meta:
        ordering = ("step", "name")
        constraints = (models.UniqueConstraint(fields=("job", "name", "step"), name="one_value_per_step"),)

    def __str__(self) -> str:
        return f"{self.name}@{self.step}: {self.value}"


class Checkpoint(models.Model):
    job = models.ForeignKey(Job, models.CASCADE, related_name="checkpoints", db_index=False)
    provider_id = models.CharField(max_length=200)
    step = models.PositiveIntegerField()
    model = models.CharField(max_length=200)
    metrics = OrderedJSONField(default=dict)
    at = models.DateTimeField()

    class Meta:
        ordering = ("step",)
        constraints = (models.UniqueConstraint(fields=("job", "provider_id"), name="one_row_per_checkpoint"),)

    def __str__(self) -> str:
        return f"{self.model} @ {self.step}"

    @property
    def train_loss(self) -> float | None:
        return self.metrics.get("train_loss")

    @property
    def valid_loss(self) -> float | None:
        """Over the whole validation file where the provider says so, else over a batch of it."""
        return self.metrics.get("full_valid_loss", self.metrics.get("valid_loss"))

"""What asking in the playground has cost. Questions and answers are not kept."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from ftstudio.accounts.models.project import InProjectQuerySet, Project

from .connection import Connection
from .model_version import ModelVersion


class PlaygroundAnswer(models.Model):
    """One answer, written down before it is asked for. `expected` is the most that it can cost, and counts until
    `cost` is known; both None where nobody knows a price. Tokens are the provider's, or counted here."""

    project = models.ForeignKey(Project, models.CASCADE, related_name="+")
    connection = models.ForeignKey(Connection, models.PROTECT, related_name="+")
    version = models.ForeignKey(ModelVersion, models.SET_NULL, null=True, blank=True, related_name="+")
    model = models.CharField(max_length=200)
    prompt_tokens = models.PositiveIntegerField(null=True, blank=True)
    completion_tokens = models.PositiveIntegerField(null=True, blank=True)
    expected = models.DecimalField(max_digits=12, decimal_places=6, null=True, blank=True)
    cost = models.DecimalField(max_digits=12, decimal_places=6, null=True, blank=True)
    currency = models.CharField(max_length=3, blank=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    objects = InProjectQuerySet.as_manager()

    class Meta:
        ordering = ("-created_at",)
        indexes = (models.Index(fields=("project", "created_at"), name="playground_by_project"),)

    def __str__(self) -> str:
        return f"{self.model} {self.created_at:%Y-%m-%d}"

"""A tuned model that can be called, with its inference contract and its lineage (through the job)."""

from __future__ import annotations

import uuid

from django.db import models
from django.utils.translation import gettext_lazy as _

from ftstudio.accounts.models.project import InProjectQuerySet, Project
from ftstudio.fields import OrderedJSONField

from .connection import Connection
from .job import Job


class ModelVersion(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    project = models.ForeignKey(Project, models.CASCADE, related_name="model_versions")
    job = models.OneToOneField(Job, models.PROTECT, related_name="model_version")
    connection = models.ForeignKey(Connection, models.PROTECT, related_name="model_versions")
    alias = models.CharField(_("alias"), max_length=100)
    model = models.CharField(_("model"), max_length=200)  # the id the provider calls it by
    contract = OrderedJSONField(default=dict)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = InProjectQuerySet.as_manager()

    class Meta:
        ordering = ("-created_at",)
        constraints = (models.UniqueConstraint(fields=("project", "alias"), name="one_model_alias_per_project"),)

    def __str__(self) -> str:
        return self.alias

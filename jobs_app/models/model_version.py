"""A tuned model that can be called, with its inference contract and its lineage (through the job)."""

from __future__ import annotations

import uuid
from typing import Self

from django.db import models
from django.utils.translation import gettext_lazy as _

from ftstudio.accounts.models.project import InProjectQuerySet, Project
from ftstudio.fields import OrderedJSONField

from .connection import Connection
from .job import Job
from .report import Checkpoint


class ModelVersionQuerySet(InProjectQuerySet):
    def of_task(self, model: ModelVersion) -> Self:
        """Every version of the same task: of the dataset that the model was trained on; without one only itself."""
        dataset = model.job.snapshot.dataset_id if model.job.snapshot_id and model.job.snapshot else None
        rows = self.filter(project_id=model.project_id)
        return rows.filter(pk=model.pk) if dataset is None else rows.filter(job__snapshot__dataset_id=dataset)


class ModelVersion(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    project = models.ForeignKey(Project, models.CASCADE, related_name="model_versions")
    job = models.ForeignKey(Job, models.PROTECT, related_name="model_versions")
    checkpoint = models.ForeignKey(Checkpoint, models.PROTECT, null=True, blank=True, related_name="model_versions")
    connection = models.ForeignKey(Connection, models.PROTECT, related_name="model_versions")
    alias = models.CharField(_("alias"), max_length=100)
    model = models.CharField(_("model"), max_length=200)  # the id the provider calls it by
    contract = OrderedJSONField(default=dict)
    stage = models.CharField(max_length=20, default="candidate")  # candidate, production, retired
    # Trained is not yet callable: "ready", "undeployed", "deploying", "failed" or "gone", and the provider's words.
    serving = models.CharField(max_length=20, default="ready")
    serving_says = models.CharField(max_length=300, blank=True)
    deployment = models.CharField(max_length=200, blank=True)  # the name to call instead of `model`, where there is one
    serving_checked_at = models.DateTimeField(null=True, blank=True)
    deploy_asked_at = models.DateTimeField(null=True, blank=True)  # the intent: set before the provider is asked
    note = models.CharField(_("note"), max_length=300, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = ModelVersionQuerySet.as_manager()

    class Meta:
        ordering = ("-created_at",)
        constraints = (
            models.UniqueConstraint(fields=("project", "alias"), name="one_model_alias_per_project"),
            models.UniqueConstraint(fields=("job", "model"), name="one_version_per_tuned_model"),
        )

    def __str__(self) -> str:
        return self.alias

    @property
    def called(self) -> str:
        """What a call names as its model: the deployment, where the provider wants one."""
        return self.deployment or self.model

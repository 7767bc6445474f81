"""A decision record: what was asked about a task, what was measured, which way was chosen and what the others cost."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from datasets_app.models import Dataset
from ftstudio.accounts.models.project import InProjectQuerySet, Project
from ftstudio.fields import OrderedJSONField


class Advice(models.Model):
    """`answers` drive the advisor (core.advisor); a filed record is not changed any more."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    project = models.ForeignKey(Project, models.CASCADE, related_name="advice")
    dataset = models.ForeignKey(Dataset, models.CASCADE, related_name="advice")
    title = models.CharField(_("title"), max_length=200)
    answers = OrderedJSONField(default=dict)  # decision → {"answer", "reasons", "note"}
    # {"target"} in percent, and compute, time, data_quality, governance: what limits the choice.
    constraints = OrderedJSONField(default=dict)
    measured = OrderedJSONField(default=list)  # what evaluations made for it found (`Arm.summary`), newest last
    options = OrderedJSONField(default=list)  # [{"option", "what", "cost", "currency", "per", "reason"}]
    outcome = models.CharField(max_length=40, blank=True)  # the station of core.advisor at which it was filed
    unmeasured = models.CharField(max_length=300, blank=True)  # why nothing was measured, where nothing was
    record = OrderedJSONField(default=dict)  # what was known and said when it was filed: the page of a filed record
    follows = models.ForeignKey("self", models.SET_NULL, null=True, blank=True, related_name="followers")
    filed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")
    filed_at = models.DateTimeField(null=True, blank=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    objects = InProjectQuerySet.as_manager()

    class Meta:
        ordering = ("-created_at",)
        verbose_name_plural = "advice"

    def __str__(self) -> str:
        return self.title

    @property
    def is_filed(self) -> bool:
        return self.filed_at is not None

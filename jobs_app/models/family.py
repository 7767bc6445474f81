"""Jobs that were launched to be compared: a sweep, a learning curve, the same data in two formats."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from ftstudio.accounts.models.project import InProjectQuerySet, Project
from ftstudio.fields import OrderedJSONField


class JobFamily(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    project = models.ForeignKey(Project, models.CASCADE, related_name="job_families")
    kind = models.CharField(max_length=20)  # "sweep", "learning-curve", "formats"
    name = models.CharField(_("name"), max_length=200)
    axes = OrderedJSONField(default=dict)  # what differs: setting → the values tried
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    objects = InProjectQuerySet.as_manager()

    class Meta:
        ordering = ("-created_at",)
        verbose_name_plural = "job families"

    def __str__(self) -> str:
        return self.name

"""A look over a whole dataset: what only the set can tell, from near duplicates to class balance."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from ftstudio.fields import OrderedJSONField

from .dataset import Dataset
from .lease import Leased, LeasedQuerySet


class ScanState(models.TextChoices):
    WAITING = "waiting", _("waiting")
    RUNNING = "running", _("running")
    DONE = "done", _("done")
    FAILED = "failed", _("failed")


class ScanQuerySet(LeasedQuerySet):
    project_path = "dataset__project"

    def unfinished(self) -> ScanQuerySet:
        return self.filter(state__in=(ScanState.WAITING, ScanState.RUNNING))


class Scan(Leased):
    """`report` holds what was measured; what concerns single samples is written as their findings."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    dataset = models.ForeignKey(Dataset, models.CASCADE, related_name="scans")
    state = models.CharField(max_length=10, choices=ScanState.choices, default=ScanState.WAITING)
    stage = models.CharField(max_length=40, blank=True)
    samples_total = models.PositiveIntegerField(default=0)
    samples_seen = models.PositiveIntegerField(default=0)
    rule_set_version = models.CharField(max_length=12, blank=True)
    report = OrderedJSONField(default=dict)
    error = OrderedJSONField(null=True, blank=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    objects = ScanQuerySet.as_manager()

    class Meta:
        ordering = ("-created_at",)

    def __str__(self) -> str:
        return f"scan of {self.dataset}"

    @property
    def is_final(self) -> bool:
        return self.state in (ScanState.DONE, ScanState.FAILED)

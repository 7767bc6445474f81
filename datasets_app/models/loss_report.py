"""What a format would lose of a snapshot, found out by writing it to nowhere, before anybody exports."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from ftstudio.fields import OrderedJSONField

from .lease import Leased, LeasedQuerySet
from .snapshot import Snapshot
from .upload import UploadState


class LossReportQuerySet(LeasedQuerySet):
    project_path = "snapshot__dataset__project"

    def unfinished(self) -> LossReportQuerySet:
        return self.filter(state__in=(UploadState.WAITING, UploadState.RUNNING))


class LossReport(Leased):
    """One for each snapshot, format and split: asked for again, it is found out again."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    snapshot = models.ForeignKey(Snapshot, models.CASCADE, related_name="loss_reports", db_index=False)
    codec = models.CharField(_("format"), max_length=40)
    split = models.CharField(_("split"), max_length=10, default="all")
    state = models.CharField(max_length=20, choices=UploadState.choices, default=UploadState.WAITING)
    rows_seen = models.PositiveIntegerField(default=0)
    report = OrderedJSONField(default=dict)  # {"rows", "whole", "reduced", "refused", "fields": [{"field", "rows", …}]}
    error = OrderedJSONField(null=True, blank=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    objects = LossReportQuerySet.as_manager()

    class Meta:
        ordering = ("-created_at",)
        constraints = (
            models.UniqueConstraint(fields=("snapshot", "codec", "split"), name="one_loss_report_per_format"),
        )

    def __str__(self) -> str:
        return f"losses of {self.snapshot} {self.split} as {self.codec}"

    @property
    def is_final(self) -> bool:
        return self.state in (UploadState.DONE, UploadState.FAILED)

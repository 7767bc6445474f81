"""A snapshot written by a codec to a file, with a manifest."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from ftstudio.fields import OrderedJSONField

from .lease import Leased, LeasedQuerySet
from .snapshot import Snapshot
from .upload import UploadState


class ExportQuerySet(LeasedQuerySet):
    project_path = "snapshot__dataset__project"

    def unfinished(self) -> ExportQuerySet:
        return self.filter(state__in=(UploadState.WAITING, UploadState.RUNNING))


class Export(Leased):
    """`split` is train, validation, test or all. `waivers` lets error findings through, each with a reason."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    snapshot = models.ForeignKey(Snapshot, models.CASCADE, related_name="exports")
    codec = models.CharField(_("format"), max_length=40)
    split = models.CharField(_("split"), max_length=10, default="all")
    state = models.CharField(max_length=20, choices=UploadState.choices, default=UploadState.WAITING)
    options = OrderedJSONField(
        default=dict, blank=True
    )  # core.composing.Options: contrast, negatives, what may be lost
    waivers = OrderedJSONField(default=list)  # [{"rule", "reason", "by"}]
    rows_written = models.PositiveIntegerField(default=0)
    file = models.FileField(upload_to="exports/", max_length=200, blank=True)
    size = models.BigIntegerField(default=0)
    sha256 = models.CharField(max_length=64, blank=True)
    manifest = OrderedJSONField(default=dict)
    error = OrderedJSONField(null=True, blank=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    objects = ExportQuerySet.as_manager()

    class Meta:
        ordering = ("-created_at",)

    def __str__(self) -> str:
        return f"{self.snapshot} {self.split} as {self.codec}"

    @property
    def is_final(self) -> bool:
        return self.state in (UploadState.DONE, UploadState.FAILED, UploadState.CANCELLED)

"""One imported file: its bytes, how far the import came, and the lines it could not take."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from ftstudio.fields import OrderedJSONField

from .dataset import Dataset
from .lease import Leased, LeasedQuerySet


class UploadState(models.TextChoices):
    HELD = "held", _("waiting for your go")  # stored and recognised; a person looks at it before it is imported
    WAITING = "waiting", _("waiting")
    RUNNING = "running", _("running")
    DONE = "done", _("done")
    FAILED = "failed", _("failed")
    CANCELLED = "cancelled", _("cancelled")


class UploadQuerySet(LeasedQuerySet):
    project_path = "dataset__project"

    def unfinished(self) -> UploadQuerySet:
        return self.filter(state__in=(UploadState.WAITING, UploadState.RUNNING))

    def unsettled(self) -> UploadQuerySet:
        """Uploads for which something is still to be done: also those that were stopped among their chunks."""
        chunks = self.model._meta.get_field("chunks").related_model._default_manager.filter(
            upload=models.OuterRef("pk")
        )
        return self.filter(models.Q(state__in=(UploadState.WAITING, UploadState.RUNNING)) | models.Exists(chunks))


class Upload(Leased):
    """`offset` counts the bytes whose lines are in; it moves with the counters, where the rows are inserted."""

    # In `error` while it is held: the code of what is still to be said.
    NEEDS_MAPPING = "needs-mapping"
    NEEDS_MEMBER = "needs-member"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    dataset = models.ForeignKey(Dataset, models.CASCADE, related_name="uploads")
    name = models.CharField(_("file name"), max_length=200)
    file = models.FileField(upload_to="uploads/", max_length=200)
    size = models.BigIntegerField()  # bytes
    sha256 = models.CharField(max_length=64)
    format = models.CharField(_("format"), max_length=40, default="auto")  # as asked: a codec's name or auto
    codec = models.CharField(max_length=40, blank=True)  # as detected or chosen
    state = models.CharField(max_length=20, choices=UploadState.choices, default=UploadState.WAITING)
    container = models.CharField(max_length=10, blank=True)  # core.containers: jsonl, array, csv, xlsx, parquet, zip
    member = models.CharField(max_length=400, blank=True, default="", db_default="")  # of an archive: what is read
    inside = models.CharField(max_length=10, blank=True, default="", db_default="")  # the container of that
    encoding = models.CharField(max_length=20, blank=True)  # of text, as detected or chosen
    delimiter = models.CharField(max_length=1, blank=True, default="", db_default="")  # of a text table, likewise
    sheet = models.CharField(max_length=100, blank=True, default="", db_default="")  # of a workbook; "": the first
    damage = models.CharField(max_length=10, blank=True, default="", db_default="")  # of its .gz, as core.damage says
    mapping = OrderedJSONField(default=dict, blank=True)  # of a table: field → column, as core.tables.Mapping reads it
    lines = models.FileField(upload_to="uploads/", max_length=200, blank=True)  # what another container became: JSONL
    strict = models.BooleanField(default=False)  # refuse samples with error findings instead of taking them in
    side = models.CharField(max_length=10, blank=True)  # the split all its samples are pinned to; "": by chance
    spread_by = models.CharField(max_length=100, blank=True)  # dotted path whose values are counted, as metadata.domain
    spread = OrderedJSONField(default=dict, blank=True)  # {value: accepted samples}
    tags_by = models.CharField(max_length=100, blank=True, db_default="")  # dotted path at which rows hold their tags
    licence = models.CharField(_("licence"), max_length=100, blank=True)
    offset = models.BigIntegerField(default=0)
    line = models.PositiveIntegerField(default=1)
    rows_total = models.PositiveIntegerField(default=0)  # non-blank lines read so far
    rows_accepted = models.PositiveIntegerField(default=0)
    rows_rejected = models.PositiveIntegerField(default=0)
    rows_duplicate = models.PositiveIntegerField(default=0)
    error = OrderedJSONField(null=True, blank=True)  # why it failed: {"code", "template", "params"}
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    created_at = models.DateTimeField(_("uploaded"), auto_now_add=True)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    objects = UploadQuerySet.as_manager()

    class Meta:
        ordering = ("-created_at",)
        indexes = (models.Index(fields=("dataset", "sha256"), name="upload_by_content"),)

    def __str__(self) -> str:
        return self.name

    @property
    def needs(self) -> str:
        """What a person must say before a held file can be imported: "member" (which file of the archive is read),
        "mapping", or "" for nothing."""
        code = str((self.error or {}).get("code"))
        return {self.NEEDS_MAPPING: "mapping", self.NEEDS_MEMBER: "member"}.get(code, "")

    @property
    def kind(self) -> str:
        """The container of the records: of an archive that of the file inside."""
        return self.inside or self.container

    @property
    def is_working(self) -> bool:
        """Whether it goes on by itself: a page that shows it asks again."""
        return self.state in (UploadState.WAITING, UploadState.RUNNING)

    @property
    def is_final(self) -> bool:
        return self.state in (UploadState.DONE, UploadState.FAILED, UploadState.CANCELLED)


class RejectedLine(models.Model):
    """A line that became no sample. Its raw bytes stay in the upload's file, at `offset` for `length` bytes."""

    upload = models.ForeignKey(Upload, models.CASCADE, related_name="rejected")
    line = models.PositiveIntegerField()  # physical, 1-based, blank lines counted
    offset = models.BigIntegerField()
    length = models.BigIntegerField()
    code = models.CharField(max_length=40)  # a rule id
    message = OrderedJSONField()  # {"template", "params"}

    class Meta:
        ordering = ("line",)
        constraints = (models.UniqueConstraint(fields=("upload", "line"), name="one_rejection_per_line"),)

    def __str__(self) -> str:
        return f"line {self.line}: {self.code}"

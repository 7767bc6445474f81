"""A piece of a large upload that one worker takes on; several work side by side."""

from __future__ import annotations

from django.db import models

from .lease import Leased, LeasedQuerySet
from .upload import Upload


class UploadChunkQuerySet(LeasedQuerySet):
    project_path = "upload__dataset__project"

    def unfinished(self) -> UploadChunkQuerySet:
        return self.filter(done=False)


class UploadChunk(Leased):
    """Whole lines of the upload, from byte `offset` for `length` bytes; its samples get positions from `position` on.

    Rows, counters and `done` are written in one transaction: a chunk is imported whole or not at all. Chunks are
    deleted when their upload has ended and nothing is left to be done for it.
    """

    upload = models.ForeignKey(Upload, models.CASCADE, related_name="chunks", db_index=False)
    number = models.PositiveIntegerField()
    offset = models.BigIntegerField()
    length = models.BigIntegerField()
    line = models.PositiveIntegerField()  # of its first line, 1-based
    rows = models.PositiveIntegerField()  # lines that are not blank: so many positions are set aside for it
    position = models.PositiveIntegerField()  # 0: the only chunk; its positions are handed out as it is written
    first_sample = models.BigIntegerField(null=True)  # so many keys from here on are set aside, too (on SQLite)
    done = models.BooleanField(default=False)

    objects = UploadChunkQuerySet.as_manager()

    class Meta:
        ordering = ("number",)
        constraints = (models.UniqueConstraint(fields=("upload", "number"), name="one_chunk_per_number"),)

    def __str__(self) -> str:
        return f"{self.upload_id} #{self.number}"

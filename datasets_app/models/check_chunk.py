"""Some samples of a dataset that one worker grades again; several work side by side."""

from __future__ import annotations

from django.db import models

from .dataset import Dataset
from .lease import Leased, LeasedQuerySet


class CheckChunkQuerySet(LeasedQuerySet):
    project_path = "dataset__project"

    def unfinished(self) -> CheckChunkQuerySet:
        """Chunks that are still to be graded by the rules that their dataset has now."""
        return self.filter(done=False, version=models.F("dataset__checking_version"))


class CheckChunk(Leased):
    """The samples at positions `first` to `last`, to be graded by the rules of `version`.

    What is found, the counters and `done` are written in one transaction. Chunks are deleted when the whole dataset
    has been graded, or when its rules change again.
    """

    dataset = models.ForeignKey(Dataset, models.CASCADE, related_name="check_chunks", db_index=False)
    version = models.CharField(max_length=12)  # Checker.version
    number = models.PositiveIntegerField()
    first = models.PositiveIntegerField()
    last = models.PositiveIntegerField()
    done = models.BooleanField(default=False)

    objects = CheckChunkQuerySet.as_manager()

    class Meta:
        ordering = ("number",)
        constraints = (models.UniqueConstraint(fields=("dataset", "version", "number"), name="one_check_per_number"),)

    def __str__(self) -> str:
        return f"{self.dataset_id} #{self.number}"

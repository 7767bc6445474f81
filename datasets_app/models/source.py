"""Where a revision came from that no file and no person brought: what a model answered in an evaluation."""

from __future__ import annotations

from django.db import models

from .dataset import Dataset
from .revision import Revision
from .sample import Sample


class RevisionSource(models.Model):
    """`key` names the piece of work that it came from, and of one such piece a sample takes one revision: whoever
    brings the same again, or at the same time, finds it here. This side knows nothing else of that work: `says` is a
    sentence about it (as `texts.to_line`), `path` the address of its page.

    `pair`: the two answers of the revision are both somebody's proposals and a person says which is better; without
    it the rejected one is an error.
    """

    dataset = models.ForeignKey(Dataset, models.CASCADE, related_name="+", db_index=False)
    sample = models.ForeignKey(Sample, models.CASCADE, related_name="sources", db_index=False)
    revision = models.OneToOneField(Revision, models.CASCADE, related_name="source")
    key = models.CharField(max_length=60)
    says = models.CharField(max_length=300)
    path = models.CharField(max_length=200)
    pair = models.BooleanField(default=False)
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("-id",)
        constraints = (models.UniqueConstraint(fields=("sample", "key"), name="one_revision_per_source"),)
        indexes = (models.Index(fields=("dataset", "key"), name="source_by_key"),)

    def __str__(self) -> str:
        return f"{self.key} {self.sample_id}"

"""A place that one of several annotators holds on a sample while working at it (mode overlap)."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from .dataset import Dataset
from .sample import Sample


class Seat(models.Model):
    """Held until `until`. One person holds one seat of a sample, and a seat is held by one person; what was submitted
    from a seat is the Annotation of that number."""

    dataset = models.ForeignKey(Dataset, models.CASCADE, related_name="+", db_index=False)
    sample = models.ForeignKey(Sample, models.CASCADE, related_name="seats", db_index=False)
    number = models.PositiveSmallIntegerField()  # 1-based
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", db_index=False)
    until = models.DateTimeField()
    shown_at = models.DateTimeField(null=True, blank=True)  # NULL: only fetched ahead

    class Meta:
        ordering = ("sample", "number")
        constraints = (
            models.UniqueConstraint(fields=("sample", "number"), name="one_seat_per_number"),
            models.UniqueConstraint(fields=("sample", "by"), name="one_seat_per_person"),
        )
        indexes = (models.Index(fields=("by", "dataset"), name="seat_by_person"),)

    def __str__(self) -> str:
        return f"seat {self.number} of {self.sample_id}"

"""One person's own version of a sample and verdict on it, hidden from others until theirs is in; the sample stays as
it is until all have been compared. Also the answer to a hidden check (gold)."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from ftstudio.accounts.models.project import InProjectQuerySet
from ftstudio.fields import OrderedJSONField

from .dataset import Dataset
from .decision import Choice, Verdict
from .sample import Sample


class Kind(models.TextChoices):
    OVERLAP = "overlap", _("overlap")
    GOLD = "gold", _("hidden check")


class AnnotationQuerySet(InProjectQuerySet):
    project_path = "dataset__project"

    def standing(self) -> AnnotationQuerySet:
        """Those that were not taken back."""
        return self.filter(withdrawn_at=None)


class Annotation(models.Model):
    """`seat` is its place among the sample's `Dataset.overlap` (1-based; 0 for a hidden check): as a place is taken
    once, there are never more annotations than asked for. `payload` is the storage text of core/samples."""

    dataset = models.ForeignKey(Dataset, models.CASCADE, related_name="+", db_index=False)
    sample = models.ForeignKey(Sample, models.CASCADE, related_name="annotations", db_index=False)
    kind = models.CharField(max_length=10, choices=Kind.choices, default=Kind.OVERLAP)
    seat = models.PositiveSmallIntegerField(default=0)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="annotations")
    base_revision = models.PositiveIntegerField()
    payload = models.TextField()
    content_hash = models.CharField(max_length=64)
    verdict = models.CharField(max_length=10, choices=Verdict.choices)
    choice = models.CharField(max_length=10, choices=Choice.choices, blank=True)
    order_seed = models.CharField(max_length=16, blank=True)
    tags = OrderedJSONField(default=list)  # [name], sorted
    reason = models.CharField(max_length=300, blank=True)
    right = models.BooleanField(null=True)  # of a hidden check: whether it is what was known
    took = models.PositiveIntegerField(null=True)  # milliseconds; NULL: not known
    guideline_version = models.PositiveIntegerField(default=1)
    at = models.DateTimeField(auto_now_add=True)
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    client_id = models.CharField(max_length=40, null=True, blank=True)  # noqa: DJ001  (NULL: not unique)

    objects = AnnotationQuerySet.as_manager()

    class Meta:
        ordering = ("id",)
        constraints = (
            models.UniqueConstraint(
                fields=("sample", "seat"),
                name="one_annotation_per_seat",
                condition=models.Q(withdrawn_at=None, kind="overlap"),
            ),
            models.UniqueConstraint(
                fields=("sample", "by", "kind"), name="one_annotation_per_person", condition=models.Q(withdrawn_at=None)
            ),
            models.UniqueConstraint(
                fields=("sample", "by", "client_id"),
                name="one_annotation_per_request",
                condition=models.Q(client_id__isnull=False),
            ),
        )
        indexes = (
            models.Index(fields=("dataset", "kind", "at"), name="annotation_by_time"),
            models.Index(fields=("by", "-id"), name="annotation_by_person"),
        )

    def __str__(self) -> str:
        return f"{self.verdict} by {self.by_id}"

"""A frozen list of revisions with their split. Content-addressed, never edited."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from ftstudio.fields import OrderedJSONField

from .dataset import Dataset
from .lease import Leased, LeasedQuerySet
from .revision import Revision
from .sample import Sample


class SnapshotState(models.TextChoices):
    BUILDING = "building", _("building")
    READY = "ready", _("ready")
    FAILED = "failed", _("failed")


class SnapshotQuerySet(LeasedQuerySet):
    project_path = "dataset__project"


class Snapshot(Leased):
    """What was asked for (shares, seed, group key, filter), and what came out (counts, hash).

    The contract, guideline, prompt and template are copied: a job must be able to say what it was trained under, and
    an export must come out the same a year later.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    dataset = models.ForeignKey(Dataset, models.CASCADE, related_name="snapshots")
    number = models.PositiveIntegerField()
    state = models.CharField(max_length=10, choices=SnapshotState.choices, default=SnapshotState.BUILDING)
    shares = OrderedJSONField()  # {"train", "validation", "test"} in percent
    seed = models.BigIntegerField(default=0)
    group_by = models.CharField(max_length=100, blank=True)
    stratify_by = models.CharField(max_length=10, blank=True)  # label or tag; "" for neither
    mix = OrderedJSONField(default=dict, blank=True)  # {"dataset", "name", "percent"}: general samples mixed in
    filter = OrderedJSONField(default=dict)
    upto = models.PositiveIntegerField(default=0)  # the dataset's last position when the snapshot was asked for
    contract = OrderedJSONField(default=dict)
    guideline = models.TextField(blank=True)
    guideline_version = models.PositiveIntegerField(default=1)
    system_prompt = models.TextField(blank=True)
    contrast_template = models.TextField(blank=True)  # "": the codec's own
    profile = models.CharField(max_length=40, default="local")
    rule_set_version = models.CharField(max_length=12, blank=True)
    content_hash = models.CharField(max_length=64, blank=True)
    counts = OrderedJSONField(default=dict)  # what pipeline.census counted while it was built
    error = OrderedJSONField(null=True, blank=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    created_at = models.DateTimeField(_("frozen"), auto_now_add=True)

    objects = SnapshotQuerySet.as_manager()

    class Meta:
        ordering = ("-number",)
        constraints = (models.UniqueConstraint(fields=("dataset", "number"), name="one_snapshot_per_number"),)

    def __str__(self) -> str:
        return f"{self.dataset} v{self.number}"

    @property
    def is_final(self) -> bool:
        return self.state != SnapshotState.BUILDING

    @property
    def sizes(self) -> dict[str, int]:
        """Samples on each side; 0 until the snapshot is built."""
        return {side: self.counts.get(side, 0) for side in ("train", "validation", "test")}


class SnapshotEntry(models.Model):
    """One sample's place in a snapshot. `position` is the sample's, so exports keep the dataset's order."""

    snapshot = models.ForeignKey(Snapshot, models.CASCADE, related_name="entries", db_index=False)
    sample = models.ForeignKey(Sample, models.PROTECT, related_name="+", db_index=False)
    revision = models.ForeignKey(Revision, models.PROTECT, related_name="+", db_index=False)
    position = models.PositiveIntegerField()
    split = models.CharField(max_length=10)
    group = models.CharField(max_length=64)
    worst = models.PositiveSmallIntegerField(default=0)
    mixed = models.BooleanField(default=False)  # from another dataset; its position comes after all of our own
    pair = models.BooleanField(default=False)  # the revision has a rejected answer: it can be a contrast row
    negative = models.BooleanField(default=False)  # had the tag core.composing.NEGATIVE when it was frozen

    class Meta:
        ordering = ("position",)
        constraints = (models.UniqueConstraint(fields=("snapshot", "position"), name="one_entry_per_position"),)
        indexes = (models.Index(fields=("snapshot", "split", "position"), name="entry_by_split"),)

    def __str__(self) -> str:
        return f"{self.position} {self.split}"

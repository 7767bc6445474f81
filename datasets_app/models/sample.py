"""A sample as lists see it: narrow, no payload. Content lives in Revision, search text in SampleText."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from ftstudio.accounts.models.project import InProjectQuerySet

from .dataset import Dataset
from .upload import Upload


class Status(models.TextChoices):
    PENDING = "pending", _("pending")
    ACCEPTED = "accepted", _("accepted")
    REJECTED = "rejected", _("rejected")
    SKIPPED = "skipped", _("skipped")
    FLAGGED = "flagged", _("flagged")
    IN_REVIEW = "in_review", _("in review")  # decided once; a second person looks at it
    SENT_BACK = "sent_back", _("sent back")  # to the person who decided first, with a comment
    DISPUTED = "disputed", _("disputed")  # annotated apart, with different results: to be adjudicated
    TRASHED = "trashed", _("in the trash")  # outside every list, counter, snapshot and scan until it is restored


class SampleQuerySet(InProjectQuerySet):
    project_path = "dataset__project"


class Sample(models.Model):
    dataset = models.ForeignKey(Dataset, models.CASCADE, related_name="samples", db_index=False)
    position = models.PositiveIntegerField()  # 1-based number in the dataset, never reused
    upload = models.ForeignKey(Upload, models.SET_NULL, null=True, related_name="samples")
    line = models.PositiveIntegerField(null=True)  # in the upload's file
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.PENDING)
    split = models.CharField(max_length=10, blank=True)  # side in the newest snapshot; "" before the first
    tokens = models.PositiveIntegerField(default=0)
    worst = models.PositiveSmallIntegerField(default=0)  # findings.RANK of the worst current finding; 0 clean
    findings_total = models.PositiveSmallIntegerField(default=0)
    has_rejected = models.BooleanField(default=False)
    fingerprint = models.CharField(max_length=32)
    question = models.CharField(max_length=32, blank=True)  # core.duplicates.question_fingerprint
    label = models.CharField(max_length=60, blank=True)  # the answer, where the contract has labels and it is one
    cluster = models.PositiveIntegerField(default=0)  # position of a near duplicate's representative; 0: no cluster
    pinned = models.CharField(max_length=10, blank=True)  # the side that its upload was imported for; "": by chance
    title = models.CharField(max_length=80, blank=True)
    snippet = models.CharField(max_length=120, blank=True)
    revision_number = models.PositiveIntegerField(default=1)
    changed_at = models.DateTimeField(auto_now=True)
    changed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", db_index=False
    )
    leased_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", db_index=False
    )
    leased_until = models.DateTimeField(null=True, blank=True)
    shown_at = models.DateTimeField(null=True, blank=True)  # when the holder saw it; NULL: only fetched ahead
    assigned_to = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", db_index=False
    )
    trashed_from = models.CharField(max_length=10, blank=True, db_default="")  # the status to restore
    comments_open = models.PositiveSmallIntegerField(default=0, db_default=0)

    objects = SampleQuerySet.as_manager()

    class Meta:
        ordering = ("position",)
        constraints = (models.UniqueConstraint(fields=("dataset", "position"), name="one_sample_per_position"),)
        # What stands behind the position is not looked up but looked at: a list with several filters walks an index,
        # and passes over what has another status or severity without reading its row, twenty times as fast.
        indexes = (
            models.Index(fields=("dataset", "status", "position", "worst"), name="sample_by_status"),
            models.Index(fields=("dataset", "split", "position", "status", "worst"), name="sample_by_split"),
            models.Index(fields=("dataset", "fingerprint", "position"), name="sample_by_fingerprint"),
            models.Index(fields=("dataset", "question"), name="sample_by_question"),
            models.Index(
                fields=("dataset", "label", "position", "status", "worst"),
                name="sample_by_label",
                condition=~models.Q(label=""),
            ),
            models.Index(
                fields=("dataset", "cluster", "position"), name="sample_by_cluster", condition=~models.Q(cluster=0)
            ),
            models.Index(
                fields=("leased_by", "dataset"), name="sample_by_holder", condition=models.Q(leased_by__isnull=False)
            ),
            models.Index(
                fields=("assigned_to", "dataset", "status", "position"),
                name="sample_by_assignee",
                condition=models.Q(assigned_to__isnull=False),
            ),
            models.Index(fields=("dataset", "tokens", "position", "status", "worst"), name="sample_by_tokens"),
            models.Index(
                fields=("dataset", "findings_total", "position", "status", "worst"), name="sample_by_findings"
            ),
            models.Index(fields=("dataset", "changed_at", "position", "status", "worst"), name="sample_by_change"),
            models.Index(
                fields=("dataset", "worst", "position", "status"), name="sample_by_worst", condition=~models.Q(worst=0)
            ),
            models.Index(
                fields=("changed_by", "dataset", "position"),
                name="sample_by_editor",
                condition=models.Q(changed_by__isnull=False),
            ),
            # What few samples have, and conditions ask for.
            models.Index(
                fields=("dataset", "position", "status"),
                name="sample_with_rejected",
                condition=models.Q(has_rejected=True),
            ),
            models.Index(
                fields=("dataset", "position", "status", "revision_number"),
                name="sample_revised",
                condition=~models.Q(revision_number=1),
            ),
            models.Index(
                fields=("dataset", "position", "status", "comments_open"),
                name="sample_with_comments",
                condition=~models.Q(comments_open=0),
            ),
        )

    def __str__(self) -> str:
        return f"{self.position:04d}"


class SampleTag(models.Model):
    """A word a person put on a sample; `dataset` is repeated so that filtering needs one index."""

    dataset = models.ForeignKey(Dataset, models.CASCADE, related_name="+", db_index=False)
    sample = models.ForeignKey(Sample, models.CASCADE, related_name="tags", db_index=False)
    name = models.CharField(_("tag"), max_length=40)

    class Meta:
        ordering = ("name",)
        constraints = (models.UniqueConstraint(fields=("sample", "name"), name="one_tag_per_sample"),)
        indexes = (models.Index(fields=("dataset", "name", "sample"), name="sample_by_tag"),)

    def __str__(self) -> str:
        return self.name


class SampleText(models.Model):
    """What text search reads: the current texts of a sample, joined. Indexed by trigrams on both databases."""

    sample = models.OneToOneField(Sample, models.CASCADE, primary_key=True, related_name="search")
    dataset = models.ForeignKey(Dataset, models.CASCADE, related_name="+", db_index=False)
    text = models.TextField()

    def __str__(self) -> str:
        return self.text[:40]

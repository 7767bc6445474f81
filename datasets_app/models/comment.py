"""What people say to each other about a sample."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from ftstudio.accounts.models.project import InProjectQuerySet
from ftstudio.fields import OrderedJSONField

from .dataset import Dataset
from .sample import Sample


class CommentQuerySet(InProjectQuerySet):
    project_path = "dataset__project"


class Comment(models.Model):
    """`path`, `start` and `end` point into `revision` where the comment is about a passage, as those of a finding."""

    dataset = models.ForeignKey(Dataset, models.CASCADE, related_name="+", db_index=False)
    sample = models.ForeignKey(Sample, models.CASCADE, related_name="comments")
    revision = models.PositiveIntegerField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    text = models.TextField(max_length=5000)
    path = models.CharField(max_length=300, blank=True)
    start = models.PositiveIntegerField(null=True)
    end = models.PositiveIntegerField(null=True)
    mentions = OrderedJSONField(default=list)  # [user id] of those who were told
    at = models.DateTimeField(auto_now_add=True)
    changed_at = models.DateTimeField(null=True, blank=True)
    resolved_at = models.DateTimeField(null=True, blank=True)
    resolved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", db_index=False
    )
    client_id = models.CharField(max_length=40, null=True, blank=True)  # noqa: DJ001  (NULL: not unique)

    objects = CommentQuerySet.as_manager()

    class Meta:
        ordering = ("id",)
        constraints = (
            models.UniqueConstraint(
                fields=("sample", "client_id"),
                name="one_comment_per_request",
                condition=models.Q(client_id__isnull=False),
            ),
        )
        indexes = (
            models.Index(
                fields=("dataset", "sample"), name="open_comment_by_dataset", condition=models.Q(resolved_at=None)
            ),
        )

    def __str__(self) -> str:
        return self.text[:40]

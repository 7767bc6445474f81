"""An immutable version of a sample's content."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models

from ftstudio.accounts.models.project import InProjectQuerySet

from .sample import Sample


class RevisionQuerySet(InProjectQuerySet):
    project_path = "sample__dataset__project"

    def current(self) -> RevisionQuerySet:
        """The revisions that samples show now."""
        return self.filter(number=models.F("sample__revision_number"))


class Revision(models.Model):
    """`payload` is the storage text of core/samples; equal contents have equal `content_hash`."""

    sample = models.ForeignKey(Sample, models.CASCADE, related_name="revisions", db_index=False)
    number = models.PositiveIntegerField()
    payload = models.TextField()
    content_hash = models.CharField(max_length=64)
    origin = models.CharField(max_length=10, default="import")  # import, edit, fix, clean, restore … as `origin_word`
    reason = models.CharField(max_length=300, blank=True)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", db_index=False)
    at = models.DateTimeField(auto_now_add=True)
    guideline_version = models.PositiveIntegerField(default=1)
    rule_set_version = models.CharField(max_length=12, blank=True)
    style = models.CharField(max_length=20, blank=True)  # how its line was written: core.line_style; "": not known
    client_id = models.CharField(max_length=40, null=True, blank=True)  # noqa: DJ001  (NULL: not unique)

    objects = RevisionQuerySet.as_manager()

    class Meta:
        ordering = ("-number",)
        constraints = (
            models.UniqueConstraint(fields=("sample", "number"), name="one_revision_per_number"),
            models.UniqueConstraint(
                fields=("sample", "client_id"),
                name="one_revision_per_request",
                condition=models.Q(client_id__isnull=False),
            ),
        )

    def __str__(self) -> str:
        return f"{self.sample_id} r{self.number}"

    @property
    def came_from(self) -> Any:
        """Its RevisionSource, None for one that a file or a person brought. Read it with `select_related("source")`."""
        return getattr(self, "source", None)

"""A picture of a sample: re-encoded when it came in, stored once per project by its content."""

from __future__ import annotations

from django.db import models

from datasets_app.core.images import stored
from ftstudio.accounts.models.project import InProjectQuerySet, Project


class ImageQuerySet(InProjectQuerySet):
    project_path = "project"


class Image(models.Model):
    """A sample refers to it in a content part by the address `image:<sha256>`."""

    project = models.ForeignKey(Project, models.CASCADE, related_name="images", db_index=False)
    sha256 = models.CharField(max_length=64)  # of the stored bytes
    media_type = models.CharField(max_length=20)
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    bytes = models.PositiveIntegerField()
    file = models.FileField(upload_to="images/", max_length=200)
    thumbnail = models.FileField(upload_to="images/", max_length=200)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = ImageQuerySet.as_manager()

    class Meta:
        constraints = (models.UniqueConstraint(fields=("project", "sha256"), name="one_image_per_content"),)

    def __str__(self) -> str:
        return f"{self.sha256[:12]} {self.width}×{self.height}"

    @property
    def address(self) -> str:
        """What a sample's content part holds to mean this picture."""
        return stored(self.sha256)

    @property
    def file_name(self) -> str:
        """What it is called where it is downloaded."""
        return f"{self.sha256[:12]}.{self.media_type.partition('/')[2]}"

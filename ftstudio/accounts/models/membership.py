"""Who belongs to which project, in which role."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from .project import InProjectQuerySet, Project


class Role(models.TextChoices):
    """What a member may do grows from annotator to owner; `policy.py` says what."""

    ANNOTATOR = "annotator", _("annotator")
    REVIEWER = "reviewer", _("reviewer")
    LEAD = "lead", _("lead")
    OWNER = "owner", _("owner")

    @property
    def rank(self) -> int:
        return list(Role).index(self)


class Membership(models.Model):
    project = models.ForeignKey(Project, models.CASCADE, related_name="memberships")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="memberships")
    role = models.CharField(_("role"), max_length=20, choices=Role.choices, default=Role.ANNOTATOR)
    created_at = models.DateTimeField(_("joined"), auto_now_add=True)

    objects = InProjectQuerySet.as_manager()

    class Meta:
        constraints = (models.UniqueConstraint(fields=("project", "user"), name="one_membership_per_person"),)

    def __str__(self) -> str:
        return f"{self.user} in {self.project}: {self.role}"

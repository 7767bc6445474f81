"""A team's workspace, and the one rule of sight: a person sees what belongs to their projects."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any, Self

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from .user import User


class ProjectQuerySet(models.QuerySet["Project"]):
    def visible_to(self, user: Any) -> Self:
        """The projects that `user` is a member of, narrowed to the token's project where there is one."""
        if not user.is_authenticated:
            return self.none()
        mine = self.filter(pk__in=user.memberships.values("project_id"))
        return mine if user.only_project is None else mine.filter(pk=user.only_project)


class Project(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(_("name"), max_length=100)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("creator")
    )
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    objects = ProjectQuerySet.as_manager()

    class Meta:
        ordering = ("name", "id")

    def __str__(self) -> str:
        return self.name


class InProjectQuerySet(models.QuerySet[Any]):
    """For models with a `project`; others say in `project_path` where theirs is, as `dataset__project`."""

    project_path = "project"

    def visible_to(self, user: User | Any) -> Self:
        """Rows of the person's projects; what a stranger asks for does not exist."""
        return self.filter(**{f"{self.project_path}__in": Project.objects.visible_to(user).values("pk")})

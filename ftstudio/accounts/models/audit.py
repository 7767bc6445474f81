"""Who did what, when: written by services, never changed."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from ftstudio.fields import OrderedJSONField

from .project import InProjectQuerySet, Project


class AuditEntryQuerySet(InProjectQuerySet):
    def record(self, *, actor: Any, verb: str, target: models.Model, project: Project | None, **detail: Any) -> None:
        """Write one entry. `verb` is noun.verb as in the services (`snapshots.freeze`); `detail` holds no secrets."""
        self.create(
            actor=actor if getattr(actor, "pk", None) else None,
            verb=verb,
            target_type=target._meta.model_name,
            target_id=str(target.pk),
            target_name=str(target)[:200],
            project=project,
            detail=detail,
        )


class AuditEntry(models.Model):
    at = models.DateTimeField(_("time"), auto_now_add=True)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    project = models.ForeignKey(Project, models.CASCADE, null=True, related_name="+")
    verb = models.CharField(max_length=60)
    target_type = models.CharField(max_length=40)
    target_id = models.CharField(max_length=40)
    target_name = models.CharField(max_length=200)
    detail = OrderedJSONField(default=dict)

    objects = AuditEntryQuerySet.as_manager()

    class Meta:
        ordering = ("-id",)
        indexes = (models.Index(fields=("project", "-id"), name="audit_by_project"),)

    def __str__(self) -> str:
        return f"{self.verb} {self.target_name}"

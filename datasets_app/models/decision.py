"""A person's accept, reject, skip or flag on a revision."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from ftstudio.accounts.models.project import InProjectQuerySet

from .revision import Revision
from .sample import Sample, Status


class Verdict(models.TextChoices):
    ACCEPT = "accept", _("accept")
    REJECT = "reject", _("reject")
    SKIP = "skip", _("skip")
    FLAG = "flag", _("flag")


BECOMES = {
    Verdict.ACCEPT: Status.ACCEPTED,
    Verdict.REJECT: Status.REJECTED,
    Verdict.SKIP: Status.SKIPPED,
    Verdict.FLAG: Status.FLAGGED,
}


class DecisionQuerySet(InProjectQuerySet):
    project_path = "sample__dataset__project"


class Decision(models.Model):
    sample = models.ForeignKey(Sample, models.CASCADE, related_name="decisions")
    revision = models.ForeignKey(Revision, models.CASCADE, related_name="decisions")
    decision = models.CharField(max_length=10, choices=Verdict.choices)
    status_before = models.CharField(max_length=10)  # so that undo knows where to go back
    reason = models.CharField(max_length=300, blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="decisions")
    at = models.DateTimeField(auto_now_add=True)
    client_id = models.CharField(max_length=40, null=True, blank=True)  # noqa: DJ001  (NULL: not unique)
    undone_at = models.DateTimeField(null=True, blank=True)

    objects = DecisionQuerySet.as_manager()

    class Meta:
        ordering = ("-id",)
        constraints = (
            models.UniqueConstraint(
                fields=("sample", "client_id"),
                name="one_decision_per_request",
                condition=models.Q(client_id__isnull=False),
            ),
        )
        indexes = (models.Index(fields=("by", "-id"), name="decision_by_person"),)

    def __str__(self) -> str:
        return f"{self.decision} by {self.by_id}"

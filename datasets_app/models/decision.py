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
    SEND_BACK = "send_back", _("send back")  # a reviewer's, with a comment


BECOMES = {
    Verdict.ACCEPT: Status.ACCEPTED,
    Verdict.REJECT: Status.REJECTED,
    Verdict.SKIP: Status.SKIPPED,
    Verdict.FLAG: Status.FLAGGED,
    Verdict.SEND_BACK: Status.SENT_BACK,
}


class Stage(models.TextChoices):
    FIRST = "first", _("first")
    REVIEW = "review", _("review")  # by a second person
    ADJUDICATION = "judged", _("adjudication")  # between differing annotations
    AGREEMENT = "agreed", _("agreement")  # annotators agreed: nobody had to judge


class Choice(models.TextChoices):
    """Which of two answers is the better one, as a person chose who saw them in shuffled order."""

    CHOSEN = "chosen", _("the answer")
    REJECTED = "rejected", _("the rejected answer")
    TIE = "tie", _("equally good")
    NEITHER = "neither", _("both bad")


class DecisionQuerySet(InProjectQuerySet):
    project_path = "sample__dataset__project"


class Decision(models.Model):
    sample = models.ForeignKey(Sample, models.CASCADE, related_name="decisions")
    revision = models.ForeignKey(Revision, models.CASCADE, related_name="decisions")
    decision = models.CharField(max_length=10, choices=Verdict.choices)
    status_before = models.CharField(max_length=10)  # so that undo knows where to go back
    status_after = models.CharField(max_length=10, blank=True, db_default="")
    stage = models.CharField(max_length=10, choices=Stage.choices, default=Stage.FIRST, db_default="first")
    choice = models.CharField(max_length=10, choices=Choice.choices, blank=True, db_default="")
    order_seed = models.CharField(
        max_length=16, blank=True, db_default=""
    )  # in which order the two answers stood: core.pairs
    took = models.PositiveIntegerField(null=True)  # milliseconds of looking and typing; NULL: not known
    guideline_version = models.PositiveIntegerField(default=1, db_default=1)
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
        indexes = (
            models.Index(fields=("by", "-id"), name="decision_by_person"),
            # What conditions ask for.
            models.Index(fields=("decision", "sample"), name="decision_by_verdict", condition=models.Q(undone_at=None)),
            models.Index(fields=("by", "sample"), name="decision_by_author", condition=models.Q(undone_at=None)),
            models.Index(
                fields=("guideline_version", "sample"), name="decision_by_guideline", condition=models.Q(undone_at=None)
            ),
            models.Index(fields=("at", "sample"), name="decision_by_time", condition=models.Q(undone_at=None)),
        )

    def __str__(self) -> str:
        return f"{self.decision} by {self.by_id}"

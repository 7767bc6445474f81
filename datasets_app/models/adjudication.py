"""How a dispute between annotations was ended, and why there was one."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from ftstudio.accounts.models.project import InProjectQuerySet

from .annotation import Annotation
from .dataset import Dataset
from .decision import Decision
from .sample import Sample


class Way(models.TextChoices):
    PICK = "pick", _("picked one version")
    MERGE = "merge", _("merged versions")
    WRITE = "write", _("wrote a new one")


class Cause(models.TextChoices):
    AMBIGUOUS = "ambiguous", _("ambiguous input")
    GUIDELINE_GAP = "guideline", _("gap in the guideline")
    MISTAKE = "mistake", _("annotator's mistake")
    EDGE_CASE = "edge_case", _("edge case")
    SUBJECTIVE = "subjective", _("matter of taste")


TO_DO = (Cause.AMBIGUOUS, Cause.GUIDELINE_GAP, Cause.EDGE_CASE)  # causes that the guideline should say something about


class AdjudicationQuerySet(InProjectQuerySet):
    project_path = "dataset__project"

    def to_do(self) -> AdjudicationQuerySet:
        """Those that ask for a sentence in the guideline and have not been dealt with."""
        return self.filter(cause__in=TO_DO, done_at=None)


class Adjudication(models.Model):
    dataset = models.ForeignKey(Dataset, models.CASCADE, related_name="adjudications", db_index=False)
    sample = models.ForeignKey(Sample, models.CASCADE, related_name="adjudications")
    decision = models.OneToOneField(Decision, models.CASCADE, related_name="adjudication")
    way = models.CharField(max_length=10, choices=Way.choices)
    picked = models.ForeignKey(Annotation, models.SET_NULL, null=True, related_name="+", db_index=False)
    cause = models.CharField(max_length=10, choices=Cause.choices)
    note = models.CharField(max_length=1000, blank=True)  # what the guideline should say
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField(auto_now_add=True)
    done_at = models.DateTimeField(null=True, blank=True)  # the guideline says it now, or it was dropped
    done_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", db_index=False)

    objects = AdjudicationQuerySet.as_manager()

    class Meta:
        ordering = ("-id",)
        indexes = (models.Index(fields=("dataset", "cause", "-id"), name="adjudication_by_cause"),)

    def __str__(self) -> str:
        return f"{self.way}: {self.cause}"

    @property
    def is_to_do(self) -> bool:
        return self.done_at is None and self.cause in TO_DO

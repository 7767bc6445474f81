"""A dataset: samples for one task, with one output contract, guideline and rule profile; and its kept counters."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from ftstudio.accounts.models.project import InProjectQuerySet, Project
from ftstudio.fields import OrderedJSONField


class Dataset(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    project = models.ForeignKey(Project, models.CASCADE, related_name="datasets")
    name = models.CharField(_("name"), max_length=100)
    description = models.CharField(_("description"), max_length=300, blank=True)
    contract = OrderedJSONField(_("output contract"), default=dict, blank=True)  # the contract file of DESIGN §5
    guideline = models.TextField(_("guideline"), blank=True)
    guideline_version = models.PositiveIntegerField(default=1)
    profile = models.CharField(_("rule profile"), max_length=40, default="local")
    system_prompt = models.TextField(_("system prompt"), blank=True)
    rule_set_version = models.CharField(max_length=12, blank=True)  # Checker.version the counters stand for
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    changed_at = models.DateTimeField(_("changed"), auto_now=True)
    # Kept, not counted. `next_position` is handed out under a row lock, in the transaction that inserts.
    samples_total = models.PositiveIntegerField(default=0)
    next_position = models.PositiveIntegerField(default=1)

    objects = InProjectQuerySet.as_manager()

    class Meta:
        ordering = ("name", "id")
        constraints = (models.UniqueConstraint(fields=("project", "name"), name="one_dataset_name_per_project"),)

    def __str__(self) -> str:
        return self.name


class DatasetCount(models.Model):
    """How many samples of a dataset have one property: kind status, rule, split, tag or worst; `key` its value.

    For kind `rule` it is the number of samples with at least one current finding of the rule.
    """

    dataset = models.ForeignKey(Dataset, models.CASCADE, related_name="counts")
    kind = models.CharField(max_length=10)
    key = models.CharField(max_length=100)
    n = models.IntegerField(default=0)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("dataset", "kind", "key"), name="one_count_per_key"),)

    def __str__(self) -> str:
        return f"{self.kind} {self.key}: {self.n}"

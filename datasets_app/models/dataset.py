"""A dataset: samples for one task, with one output contract, guideline and rule profile; and its kept counters."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.db import connections, models
from django.utils.translation import gettext_lazy as _

from ftstudio.accounts.models.project import Project
from ftstudio.fields import OrderedJSONField

from .lease import Leased, LeasedQuerySet


class Mode(models.TextChoices):
    """How many people look at a sample before it is decided."""

    SINGLE = "single", _("one person decides")
    OVERLAP = "overlap", _("several people, each alone")
    REVIEW = "review", _("a second person reviews")


class Desk(models.TextChoices):
    TEXT = "text", _("text")
    FORM = "form", _("form")
    LABELS = "labels", _("labels")
    PAIR = "pair", _("two answers")


class DatasetQuerySet(LeasedQuerySet):
    def to_check(self) -> DatasetQuerySet:
        """Datasets whose samples are being graded again, or wait for it, because their rules changed."""
        return self.exclude(checking_version="")


class Dataset(Leased):
    """The lease belongs to the worker that begins or ends a check of all samples after a change of the rules."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    project = models.ForeignKey(Project, models.CASCADE, related_name="datasets")
    name = models.CharField(_("name"), max_length=100)
    description = models.CharField(_("description"), max_length=300, blank=True)
    contract = OrderedJSONField(_("output contract"), default=dict, blank=True)  # the contract file of DESIGN §5
    guideline = models.TextField(_("guideline"), blank=True)
    guideline_version = models.PositiveIntegerField(default=1)
    profile = models.CharField(_("rule profile"), max_length=40, default="local")
    system_prompt = models.TextField(_("system prompt"), blank=True)
    base_model = models.CharField(_("base model"), max_length=100, blank=True)  # chooses the token encoder and limits
    task = models.CharField(_("kind of task"), max_length=20, blank=True)  # core.sizes.TASKS: what size is enough
    licence = models.CharField(_("licence"), max_length=100, blank=True)
    mode = models.CharField(_("mode of work"), max_length=10, choices=Mode.choices, default=Mode.SINGLE)
    overlap = models.PositiveSmallIntegerField(_("people per sample"), default=2)  # in mode overlap
    gold_rate = models.PositiveSmallIntegerField(_("hidden checks"), default=0)  # per cent of what `next` gives out
    error_tags = OrderedJSONField(_("error tags"), default=list, blank=True)  # [name]: what keys 1–9 stand for
    desk = models.CharField(_("desk"), max_length=10, choices=Desk.choices, blank=True)  # "": by contract and content
    contrast_template = models.TextField(_("contrast template"), blank=True)  # "": the codec's own
    rule_set_version = models.CharField(max_length=12, blank=True)  # Checker.version the counters stand for
    checking_version = models.CharField(max_length=12, blank=True)  # the version being applied; "" when none is
    checked_to = models.PositiveIntegerField(default=0)  # to how many positions it has been applied so far
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    changed_at = models.DateTimeField(_("changed"), auto_now=True)
    # Kept, not counted. `next_position` is handed out under a row lock, in the transaction that inserts.
    samples_total = models.PositiveIntegerField(default=0)
    next_position = models.PositiveIntegerField(default=1)

    objects = DatasetQuerySet.as_manager()

    class Meta:
        ordering = ("name", "id")
        constraints = (models.UniqueConstraint(fields=("project", "name"), name="one_dataset_name_per_project"),)

    def __str__(self) -> str:
        return self.name

    @property
    def check_broke(self) -> bool:
        """The last check of all samples did not come to its end, through a mistake of ours or because it was stopped:
        some are graded by older rules than others."""
        return not self.checking_version and not self.rule_set_version

    @property
    def check_stopped(self) -> bool:
        """Somebody stopped the last check of all samples."""
        return self.check_broke and self.checked_to > 0

    @property
    def checking_progress(self) -> float | None:
        """How much of the samples has been graded by the new rules, 0 to 1; None while no check of all is on."""
        if not self.checking_version:
            return None
        return min(1.0, self.checked_to / max(1, self.next_position - 1))


class DatasetCountQuerySet(models.QuerySet["DatasetCount"]):
    def add(self, dataset: Dataset | uuid.UUID, changes: Mapping[tuple[str, str], int]) -> None:
        """Add to counters, given as {(kind, key): difference}, inside the caller's transaction.

        Always in the same order, so that two transactions wait for each other instead of dead-locking.
        """
        field: Any = self.model._meta.get_field("dataset")
        connection = connections[self.db]
        owner = field.get_db_prep_save(dataset.pk if isinstance(dataset, Dataset) else dataset, connection)
        rows = [(owner, kind, key, n) for (kind, key), n in sorted(changes.items()) if n]
        if not rows:
            return
        table = connection.ops.quote_name(self.model._meta.db_table)
        with connection.cursor() as cursor:
            cursor.executemany(
                f"INSERT INTO {table} (dataset_id, kind, key, n) VALUES (%s, %s, %s, %s) "  # noqa: S608
                f"ON CONFLICT (dataset_id, kind, key) DO UPDATE SET n = {table}.n + excluded.n",
                rows,
            )


class DatasetCount(models.Model):
    """How many samples of a dataset have one property: kind status, rule, split, tag, label or worst; `key` its value.

    For kind `rule` it is the number of samples with at least one current finding of the rule; for kind `worst`
    the key is error, warning, hint or clean. Samples without a split are not counted under `split`. Kind `revised` has
    one key, "": how often samples were changed, so that a scan knows whether it is still about the present content.
    """

    dataset = models.ForeignKey(Dataset, models.CASCADE, related_name="counts")
    kind = models.CharField(max_length=10)
    key = models.CharField(max_length=100)
    n = models.IntegerField(default=0)

    objects = DatasetCountQuerySet.as_manager()

    class Meta:
        constraints = (models.UniqueConstraint(fields=("dataset", "kind", "key"), name="one_count_per_key"),)

    def __str__(self) -> str:
        return f"{self.kind} {self.key}: {self.n}"

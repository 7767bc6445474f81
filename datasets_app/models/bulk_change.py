"""One change of many samples that is looked at first, then made, and can be undone as one step."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from ftstudio.accounts.models.project import InProjectQuerySet
from ftstudio.fields import OrderedJSONField

from .dataset import Dataset
from .lease import Leased, LeasedQuerySet
from .sample import Sample


class BulkState(models.TextChoices):
    PREPARING = "preparing", _("preparing")  # a worker writes down what would change
    READY = "ready", _("ready")  # a person looks at it
    APPLYING = "applying", _("applying")
    DONE = "done", _("done")
    UNDOING = "undoing", _("undoing")
    UNDONE = "undone", _("undone")
    DISCARDED = "discarded", _("discarded")
    FAILED = "failed", _("failed")


class EntryState(models.TextChoices):
    PLANNED = "planned", _("planned")
    LEFT = "left", _("left out")  # a person ticked it off
    REFUSED = "refused", _("not possible")  # `note` says why
    APPLIED = "applied", _("applied")
    SKIPPED = "skipped", _("skipped")  # somebody changed it before it could be applied
    UNDONE = "undone", _("undone")
    KEPT = "kept", _("kept")  # somebody changed it since: the undoing leaves it as it is


class BulkChangeQuerySet(LeasedQuerySet):
    project_path = "dataset__project"

    def working(self) -> BulkChangeQuerySet:
        """Those that a worker has something to do for."""
        return self.filter(state__in=(BulkState.PREPARING, BulkState.APPLYING, BulkState.UNDOING))


class BulkChange(Leased):
    """`kind` names what is done (fix, clean …), `what` its parameters, `filter` the samples it is done to."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    dataset = models.ForeignKey(Dataset, models.CASCADE, related_name="bulk_changes")
    kind = models.CharField(max_length=20)
    what = OrderedJSONField(default=dict)
    filter = OrderedJSONField(default=dict)
    state = models.CharField(max_length=10, choices=BulkState.choices, default=BulkState.PREPARING)
    upto = models.PositiveIntegerField(default=0)  # the dataset's last position when it was asked for
    reached = models.PositiveIntegerField(default=0)  # the position up to which the present state has come
    planned = models.PositiveIntegerField(default=0)
    applied = models.PositiveIntegerField(default=0)
    undone = models.PositiveIntegerField(default=0)
    skipped = models.PositiveIntegerField(default=0)  # changed by somebody in between: left as they are
    counts = OrderedJSONField(default=dict)  # what the kind adds up over the planned samples: {rule: fixes}, tokens …
    error = OrderedJSONField(null=True, blank=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    applied_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    undone_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    finished_at = models.DateTimeField(null=True, blank=True)

    objects = BulkChangeQuerySet.as_manager()

    class Meta:
        ordering = ("-created_at",)

    def __str__(self) -> str:
        return f"{self.kind} of {self.planned} in {self.dataset}"

    @property
    def is_live(self) -> bool:
        """Whether a worker has something to do for it."""
        return self.state in (BulkState.PREPARING, BulkState.APPLYING, BulkState.UNDOING)

    @property
    def can_be_undone(self) -> bool:
        return self.applied > 0 and self.state in (BulkState.DONE, BulkState.FAILED)


class BulkChangeEntryQuerySet(InProjectQuerySet):
    project_path = "change__dataset__project"


class BulkChangeEntry(models.Model):
    """One sample of a bulk change: from which revision, to which content, and what became of it."""

    change = models.ForeignKey(BulkChange, models.CASCADE, related_name="entries", db_index=False)
    sample = models.ForeignKey(Sample, models.CASCADE, related_name="+", db_index=False)
    position = models.PositiveIntegerField()
    base_revision = models.PositiveIntegerField()
    edits = OrderedJSONField()  # [{"path", "before", "after"}]: the texts that change
    counts = OrderedJSONField(default=dict)  # this sample's share of the change's `counts`
    note = OrderedJSONField(null=True)  # {"template", "params"}: why it was not done
    state = models.CharField(max_length=10, choices=EntryState.choices, default=EntryState.PLANNED)
    revision = models.PositiveIntegerField(null=True)  # the one it was applied as

    objects = BulkChangeEntryQuerySet.as_manager()

    class Meta:
        ordering = ("position",)
        constraints = (models.UniqueConstraint(fields=("change", "position"), name="one_bulk_entry_per_position"),)

    def __str__(self) -> str:
        return f"{self.position:04d} {self.state}"

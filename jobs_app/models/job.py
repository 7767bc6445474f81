"""A fine-tune job: snapshot + connection + base model + recipe + inference contract, and how far it came."""

from __future__ import annotations

import uuid
from typing import Any

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from datasets_app.models.lease import Leased, LeasedQuerySet
from datasets_app.models.snapshot import Snapshot
from ftstudio.accounts.models.project import Project
from ftstudio.fields import OrderedJSONField
from ftstudio.web.texts import to_line
from jobs_app.core import lifecycle

from .advice import Advice
from .connection import Connection
from .family import JobFamily


class JobQuerySet(LeasedQuerySet):
    def move(self, job: Job, to: str, *, actor: Any = None, note: str = "", **changes: Any) -> bool:
        """Move from the state `job` was loaded in to `to`, once. False: somebody else moved it first.

        Writes the move to the timeline; `job` is refreshed in memory on success. Call inside a transaction.
        """
        before = job.state
        if self.filter(pk=job.pk, state=before).update(state=to, **changes) != 1:
            return False
        JobMove.objects.create(job=job, before=before, after=to, actor=actor, note=to_line(note, 300))
        job.state = to
        for name, value in changes.items():
            setattr(job, name, value)
        return True

    def due(self) -> Any:
        """Jobs that a provider should be asked about now."""
        return self.filter(next_poll_at__lte=timezone.now())

    def live(self) -> Any:
        """Launched and not yet ended."""
        return self.filter(state__in=lifecycle.LIVE)

    def to_submit(self) -> Any:
        """Launched jobs that their provider does not know yet."""
        return self.filter(state__in=(lifecycle.QUEUED, lifecycle.UPLOADING, lifecycle.CANCELLING), provider_job="")

    def waiting(self) -> Any:
        """Launched jobs that have not been begun: no slot of their connection is theirs yet."""
        return self.filter(state=lifecycle.QUEUED, provider_job="", create_tries=0)

    def occupying(self) -> Any:
        """Jobs that take up one of their connection's slots."""
        begun = ~models.Q(provider_job="") | ~models.Q(state=lifecycle.QUEUED) | models.Q(create_tries__gt=0)
        return self.live().filter(begun)

    def to_poll(self) -> Any:
        """Jobs that their provider knows and that may still change."""
        return self.live().exclude(provider_job="")


class Job(Leased):
    """`marker` is sent with the create call, so that a create whose answer was lost can be found again.

    What has been paid for is remembered step by step: `training_file`, `validation_file`, `provider_job`.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    project = models.ForeignKey(Project, models.CASCADE, related_name="jobs")
    # NULL only while the job is a draft whose data has not been chosen yet.
    snapshot = models.ForeignKey(Snapshot, models.PROTECT, related_name="jobs", null=True, blank=True)
    connection = models.ForeignKey(Connection, models.PROTECT, related_name="jobs")
    name = models.CharField(_("name"), max_length=200)
    description = models.CharField(_("description"), max_length=300, blank=True)
    base_model = models.CharField(_("base model"), max_length=200)
    codec = models.CharField(max_length=40, blank=True)  # the wire format of its files; "": the provider's usual one
    recipe = OrderedJSONField(default=dict)
    train_percent = models.PositiveSmallIntegerField(default=100)  # of the training rows; less for a learning curve
    contract = OrderedJSONField(default=dict)  # the inference contract, frozen at launch
    answers = OrderedJSONField(default=dict)  # pre-flight questions a person answered
    waivers = OrderedJSONField(default=list)  # [{"rule", "reason", "by"}]
    state = models.CharField(max_length=20, default="draft")
    raw_state = models.CharField(max_length=60, blank=True)  # the provider's own word
    marker = models.CharField(max_length=64, unique=True)
    training_file = models.CharField(max_length=200, blank=True)
    validation_file = models.CharField(max_length=200, blank=True)
    training_sha256 = models.CharField(max_length=64, blank=True)
    validation_sha256 = models.CharField(max_length=64, blank=True)
    rows_train = models.PositiveIntegerField(default=0)
    rows_validation = models.PositiveIntegerField(default=0)
    create_tried_at = models.DateTimeField(null=True, blank=True)  # the intent: set before the create call
    create_tries = models.PositiveSmallIntegerField(default=0)
    provider_job = models.CharField(max_length=200, blank=True)
    twins_at = models.DateTimeField(null=True, blank=True)  # when to look for a second job of its marker there
    result_model = models.CharField(max_length=200, blank=True)
    trained_tokens = models.BigIntegerField(null=True, blank=True)
    estimate = OrderedJSONField(default=dict)  # {"tokens", "updates", "cost", "currency", "seconds"}, made at launch
    raw = OrderedJSONField(null=True)  # the provider's last answer about the job, as it came
    cost_source = models.CharField(max_length=20, blank=True)  # "price" (tokens × our table) or "provider"
    cost = models.DecimalField(max_digits=12, decimal_places=4, null=True, blank=True)
    currency = models.CharField(max_length=3, blank=True)
    error = OrderedJSONField(null=True, blank=True)  # {"code", "template", "params"} or {"code", "message"}
    cancel_wanted = models.BooleanField(default=False)
    # In the queue of its connection: the lowest rank first, not before `hold_until`, and after the job whose model it
    # goes on from.
    rank = models.FloatField(default=0)
    hold_until = models.DateTimeField(null=True, blank=True)
    after = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="followers")
    after_step = models.PositiveIntegerField(null=True, blank=True)  # the checkpoint of it to go on from; NULL: its end
    family = models.ForeignKey(JobFamily, models.SET_NULL, null=True, blank=True, related_name="jobs")
    advice = models.ForeignKey(Advice, models.SET_NULL, null=True, blank=True, related_name="jobs")
    parent = models.ForeignKey("self", models.SET_NULL, null=True, blank=True, related_name="clones")
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    launched_at = models.DateTimeField(null=True, blank=True)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    next_poll_at = models.DateTimeField(null=True, blank=True)
    polled_at = models.DateTimeField(null=True, blank=True)
    poll_failures = models.PositiveIntegerField(default=0)
    poll_error = models.CharField(max_length=300, blank=True)

    objects = JobQuerySet.as_manager()

    class Meta:
        ordering = ("-created_at",)
        indexes = (
            models.Index(fields=("project", "-created_at"), name="job_by_project"),
            models.Index(fields=("project", "state", "-created_at"), name="job_by_state"),
            models.Index(fields=("next_poll_at",), name="job_by_next_poll"),
            models.Index(fields=("twins_at",), name="job_by_twins", condition=models.Q(twins_at__isnull=False)),
            models.Index(fields=("connection", "state", "rank"), name="job_queue_of_connection"),
        )

    def __str__(self) -> str:
        return self.name

    @property
    def is_final(self) -> bool:
        return self.state in lifecycle.FINAL

    @property
    def is_draft(self) -> bool:
        return self.state == lifecycle.DRAFT

    @property
    def is_waiting(self) -> bool:
        """Launched, and not begun."""
        return self.state == lifecycle.QUEUED and not self.provider_job and not self.create_tries

    @property
    def frozen(self) -> Snapshot:
        """The data of a job that has been launched: from then on there is always some."""
        if self.snapshot is None:
            raise RuntimeError(f"job {self.pk} is a draft without data")
        return self.snapshot


class JobMove(models.Model):
    """One change of state, for the timeline."""

    job = models.ForeignKey(Job, models.CASCADE, related_name="moves")
    before = models.CharField(max_length=20)
    after = models.CharField(max_length=20)
    at = models.DateTimeField(auto_now_add=True)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    note = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ("id",)

    def __str__(self) -> str:
        return f"{self.before} → {self.after}"

"""The way from what a model got wrong to the next model, in four steps: send, freeze, clone, launch.

Nothing of it is kept by itself. Where the loop stands is read from what is there: which cases were sent, what became of
their samples, the first snapshot after them, the job that was cloned onto it. So it does not matter who takes a step,
in which window, or on which page; and each step, taken twice, is taken once.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from django.db import transaction
from django.db.models import Min

from datasets_app.models import RevisionSource, Snapshot, SnapshotEntry
from datasets_app.models.sample import Status
from datasets_app.models.snapshot import SnapshotState
from datasets_app.services import snapshots
from ftstudio.accounts.models import User
from ftstudio.accounts.policy import require
from ftstudio.errors import Conflict, Text
from jobs_app.core import lifecycle
from jobs_app.core.names import fitting
from jobs_app.models import Arm, Case, Evaluation, Job, ModelVersion
from jobs_app.providers import PROVIDERS

from . import failures, jobs

SEND, FREEZE, CLONE, LAUNCH, EVALUATE = STEPS = ("send", "freeze", "clone", "launch", "evaluate")
NUMBERED = re.compile(r"-v\d+$")


@dataclass(frozen=True, slots=True)
class Fate:
    """What became of a case that was sent. `status` is its sample's; `snapshot` the number of the next snapshot where
    that holds it, `side` its side there; `job` was trained on it, `model` came of that."""

    case: Case
    status: str
    snapshot: int | None = None
    side: str = ""
    job: Job | None = None
    model: ModelVersion | None = None
    frozen: int = 0  # the number of its revision in that snapshot

    def is_newer(self, snapshot: Snapshot) -> bool:
        """Whether it was accepted, in what it says now, since that snapshot was asked for."""
        sample = self.case.sample
        since = sample.changed_at > snapshot.created_at and self.frozen < sample.revision_number
        return self.status == Status.ACCEPTED and since

    @property
    def is_decided(self) -> bool:
        return self.status not in (Status.PENDING, Status.SENT_BACK, Status.IN_REVIEW, Status.DISPUTED)


@dataclass(frozen=True, slots=True)
class State:
    """Where the loop stands. `step` is the next one that a person may take, "" while a worker is at work or all is
    done; `batch` is what could be sent (again). `left_out` samples were accepted and are not in the next snapshot."""

    evaluation: Evaluation
    arm: Arm
    batch: failures.Batch
    fates: Sequence[Fate]
    parent: Job | None
    snapshot: Snapshot | None
    job: Job | None
    model: ModelVersion | None
    left_out: int
    step: str

    @property
    def sent(self) -> int:
        return len(self.fates)

    @property
    def decided(self) -> int:
        return sum(fate.is_decided for fate in self.fates)

    @property
    def waiting(self) -> int:
        return self.sent - self.decided

    @property
    def held(self) -> int:
        """Sent samples that the next snapshot trains on."""
        return sum(fate.side == "train" for fate in self.fates)

    @property
    def tag(self) -> str:
        return failures.tag_of(self.evaluation)

    @property
    def side(self) -> str:
        """On which side the new model is to be compared with the old one: the untouched one, where there is one."""
        sizes = self.snapshot.sizes if self.snapshot else {}
        return "test" if sizes.get("test") else "validation" if sizes.get("validation") else ""


def state(evaluation: Evaluation, arm: Arm | None = None) -> State:
    """Read where the loop stands for this arm; without one, for the last tuned model that was evaluated."""
    arm = arm or arm_of(evaluation)
    parent = _parent(evaluation, arm)
    snapshot = _next_snapshot(evaluation)
    job = _next_job(parent, snapshot)
    model = ModelVersion.objects.filter(job=job, checkpoint=None).defer("contract").first() if job else None
    fates = _fates(evaluation, snapshot, job, model)
    left_out = sum(fate.is_newer(snapshot) for fate in fates) if snapshot else 0
    found = State(evaluation, arm, failures.batch(evaluation, arm), fates, parent, snapshot, job, model, left_out, "")
    return replace(found, step=_step(found))


def arm_of(evaluation: Evaluation) -> Arm:
    """The arm whose failures are looked at first: the last tuned model, else the last one."""
    arms = list(evaluation.arms.select_related("version__job__connection").order_by("number"))
    return next((arm for arm in reversed(arms) if arm.version_id), arms[-1])


def freeze(*, actor: User, evaluation: Evaluation) -> Snapshot:
    """The next snapshot, divided as the evaluated one was. Asked twice, the one there is.

    Raises Conflict where nothing has been sent, or all of it still waits.
    """
    require(actor, evaluation.project_id, "snapshots.freeze")
    with transaction.atomic():
        _hold(evaluation)
        now = state(evaluation)
        if not now.sent:
            raise Conflict(Text("Send what the model got wrong to the annotators first."), code="nothing_sent")
        if now.snapshot is not None and not now.left_out:
            return now.snapshot
        if now.snapshot is not None and not now.snapshot.is_final:
            raise Conflict(Text("The next snapshot is being built: wait for it."), code="building")
        if not now.decided:
            raise Conflict(Text("All samples that were sent still wait for the annotators."), code="waiting")
        old = evaluation.snapshot
        mix = {name: old.mix[name] for name in ("dataset", "percent")} if old.mix else None
        return snapshots.freeze(
            actor=actor, dataset=evaluation.dataset, shares=old.shares, seed=old.seed, group_by=old.group_by,
            stratify_by=old.stratify_by, mix=mix, filter=old.filter,
        )  # fmt: skip


def clone(*, actor: User, evaluation: Evaluation) -> Job:
    """The evaluated model's job as a draft on the next snapshot: same connection, base model, recipe and answers.

    Asked twice, the one there is. Raises Conflict where there is no snapshot yet, or no job to clone.
    """
    require(actor, evaluation.project_id, "jobs.create")
    with transaction.atomic():
        _hold(evaluation)
        now = state(evaluation)
        if now.snapshot is None or now.snapshot.state != SnapshotState.READY:
            raise Conflict(Text("Freeze the next snapshot first."), code="no_snapshot")
        if now.job is not None:
            return now.job
        if now.parent is None:
            raise Conflict(Text("This model was tuned by no job: make one on the new snapshot."), code="no_job")
        parent = now.parent
        rule = PROVIDERS[parent.connection.kind].capabilities.name_rule if parent.connection.kind in PROVIDERS else None
        name = f"{NUMBERED.sub('', parent.name)[:180]}-v{now.snapshot.number}"
        return jobs.clone(
            actor=actor, job=parent, snapshot=now.snapshot, name=fitting(name, rule) if rule else name,
            answers=parent.answers or None,
        )  # fmt: skip


def launch(*, actor: User, evaluation: Evaluation) -> Job:
    """Launch the draft, with every check of `jobs.launch`. Launched twice, it is the job there is."""
    require(actor, evaluation.project_id, "jobs.launch")
    job = state(evaluation).job
    if job is None:
        raise Conflict(Text("Clone the job onto the next snapshot first."), code="no_job")
    return jobs.launch(actor=actor, job=job) if job.is_draft else job


def leading_to(snapshot: Snapshot | None) -> list[Evaluation]:
    """The evaluations that samples of this snapshot came back from, the newest first."""
    if snapshot is None:
        return []
    rows = RevisionSource.objects.filter(
        dataset=snapshot.dataset_id, at__lte=snapshot.created_at, key__startswith="evaluation:"
    )
    keys = set(rows.order_by().values_list("key", flat=True).distinct()[:50])
    found = Evaluation.objects.filter(pk__in=[key.partition(":")[2] for key in keys])
    return list(found.filter(snapshot__number__lt=snapshot.number).order_by("-number"))


def _hold(evaluation: Evaluation) -> None:
    """Two who take a step at the same moment take turns."""
    Evaluation.objects.select_for_update(no_key=True).only("pk").get(pk=evaluation.pk)


def _parent(evaluation: Evaluation, arm: Arm) -> Job | None:
    if arm.version is None:
        return None
    rows = Job.objects.filter(pk=arm.version.job_id).select_related("connection", "snapshot__dataset", "project")
    return rows.defer("connection__credential").first()


def _next_snapshot(evaluation: Evaluation) -> Snapshot | None:
    """The newest snapshot that was asked for after the first case had been sent."""
    first = evaluation.cases.aggregate(at=Min("sent_at"))["at"]
    if first is None:
        return None
    rows = Snapshot.objects.filter(dataset=evaluation.dataset_id, created_at__gte=first)
    return rows.exclude(state=SnapshotState.FAILED).order_by("-number").first()


def _next_job(parent: Job | None, snapshot: Snapshot | None) -> Job | None:
    if snapshot is None or parent is None:
        return None
    rows = Job.objects.filter(parent=parent, snapshot=snapshot, codec=parent.codec)
    ended_badly = (lifecycle.FAILED, lifecycle.CANCELLED)
    rows = rows.select_related("connection", "snapshot__dataset", "project", "parent").defer("connection__credential")
    return rows.exclude(state__in=ended_badly).order_by("-created_at").first()


def _fates(
    evaluation: Evaluation, snapshot: Snapshot | None, job: Job | None, model: ModelVersion | None
) -> list[Fate]:
    cases = list(evaluation.cases.exclude(sent_at=None).select_related("sample").order_by("number"))
    if not cases:
        return []
    places: dict[int, tuple[str, int]] = {}
    if snapshot is not None and snapshot.is_final:
        entries = SnapshotEntry.objects.filter(
            snapshot=snapshot, mixed=False, position__in=[case.sample.position for case in cases]
        ).order_by()  # fmt: skip
        places = {pk: (side, n) for pk, side, n in entries.values_list("sample_id", "split", "revision__number")}
    came = _came(evaluation)
    launched = job if job is not None and not job.is_draft else None
    fates = []
    for case in cases:
        side, number = places.get(case.sample_id, ("", 0))
        fate = Fate(case, case.sample.status)
        if side and snapshot is not None and number >= came.get(case.sample_id, 1):
            fate = replace(fate, snapshot=snapshot.number, side=side, frozen=number)
            if side == "train":
                fate = replace(fate, job=launched, model=model)
        fates.append(fate)
    return fates


def _came(evaluation: Evaluation) -> dict[int, int]:
    """sample → the number of the revision as which it came back."""
    rows = RevisionSource.objects.filter(dataset=evaluation.dataset_id, key=failures.key_of(evaluation)).order_by()
    return dict(rows.values_list("sample_id", "revision__number"))


def _step(now: State) -> str:
    if not now.sent:
        return SEND if now.batch.n else ""
    if now.snapshot is None:
        return FREEZE if now.decided else ""
    if not now.snapshot.is_final:
        return ""
    if now.job is None:
        return CLONE if now.parent is not None else ""
    if now.job.is_draft:
        return LAUNCH
    return EVALUATE if now.model is not None else ""

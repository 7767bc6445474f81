"""The demo project: a small dataset of our own with its contract, a snapshot, a scan, and a rehearsal of a job; once
that has brought a model, an evaluation of it.

Every step looks for what is there before it makes it, so that a second run changes nothing. All of it is one
transaction: nobody sees half a demo, and no worker takes the import up before it is done here. What it writes into rows
(a description, a reason) is in the language of the person who asks for it, as if they had typed it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from io import BytesIO

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from datasets_app.models import Dataset, Snapshot, Upload
from datasets_app.models.snapshot import SnapshotState
from datasets_app.pipeline.freeze import freeze as build
from datasets_app.pipeline.ingest import ingest
from datasets_app.pipeline.scan import scan
from datasets_app.services import datasets, scans, snapshots, uploads
from ftstudio.accounts.models import Membership, Project, Role, User
from ftstudio.accounts.services import projects
from ftstudio.errors import NotAllowed
from jobs_app.models import Connection, Evaluation, Job

from . import connections, demo_samples, evaluations, jobs

NAME = "Demo: will it rain?"
JOB = "rain-rehearsal"


@dataclass(slots=True)
class Made:
    """The demo's parts, and which of them this run had to make."""

    project: Project
    dataset: Dataset
    snapshot: Snapshot
    connection: Connection
    job: Job | None
    evaluation: Evaluation | None = None
    new: list[str] = field(default_factory=list)


def may_open(user: User) -> bool:
    """Whether the person may have the demo: who may open a project, or has it already."""
    return projects.may_create(user) or _existing(user) is not None


@transaction.atomic
def open_demo(*, actor: User, launch: bool = True) -> Made:
    """Make the demo project for `actor`, or what is missing of it. Import, snapshot and scan are done here and now.

    The job is launched where the rehearsal server is offered; then it runs as soon as a worker does. So does the
    evaluation of its model, which whoever asks for the demo once the model is there begins.
    """
    if not may_open(actor):
        raise NotAllowed(_("Only who leads or owns a project already may open another."))
    new: list[str] = []
    project = _existing(actor)
    if project is None:
        project = projects.create(actor=actor, name=NAME)
        new.append("project")
    dataset = _dataset(actor, project, new)
    snapshot = _snapshot(actor, dataset, new)
    _scan(dataset)
    connection = _connection(actor, project, new)
    job = _job(actor, connection, snapshot, new) if launch and settings.REHEARSAL else None
    evaluation = _evaluation(actor, snapshot, job, new) if job is not None else None
    return Made(project, dataset, snapshot, connection, job, evaluation, new)


def _existing(user: User) -> Project | None:
    mine = Membership.objects.filter(user=user, role=Role.OWNER, project__name=NAME)
    found = mine.select_related("project").first()
    return found.project if found else None


def _dataset(actor: User, project: Project, new: list[str]) -> Dataset:
    dataset = Dataset.objects.filter(project=project, name=demo_samples.NAME).first()
    if dataset is None:
        dataset = datasets.create(
            actor=actor,
            project=project,
            name=demo_samples.NAME,
            description=demo_samples.DESCRIPTION,
            contract=demo_samples.CONTRACT,
            guideline=demo_samples.GUIDELINE,
            system_prompt=demo_samples.SYSTEM_PROMPT,
            base_model=demo_samples.BASE_MODEL,
            task=demo_samples.TASK,
            licence=demo_samples.LICENCE,
        )
        new.append("dataset")
    upload = Upload.objects.filter(dataset=dataset).first()
    if upload is None:
        file = BytesIO(demo_samples.jsonl())
        upload = uploads.receive(actor=actor, dataset=dataset, file=file, name="rain.jsonl", format="openai-chat")
        new.append("upload")
    ingest(upload.pk)
    dataset.refresh_from_db()
    return dataset


def _snapshot(actor: User, dataset: Dataset, new: list[str]) -> Snapshot:
    snapshot = Snapshot.objects.filter(dataset=dataset).exclude(state=SnapshotState.FAILED).order_by("number").first()
    if snapshot is None:
        # A third aside: with 20 validation rows the curves may say something.
        shares = {"train": 65, "validation": 35, "test": 0}
        snapshot = snapshots.freeze(actor=actor, dataset=dataset, shares=shares)
        new.append("snapshot")
    build(snapshot.pk)
    snapshot.refresh_from_db()
    return snapshot


def _scan(dataset: Dataset) -> None:
    """Carry out the scan that the import asked for; after the snapshot, so that it knows the sides of the split."""
    waiting = scans.waiting_or_running(dataset)
    if waiting is not None:
        scan(waiting.pk)


def _connection(actor: User, project: Project, new: list[str]) -> Connection:
    found = Connection.objects.filter(project=project, kind="rehearsal").first()
    if found is None:
        found = connections.create(actor=actor, project=project, name="Rehearsal", kind="rehearsal")
        new.append("connection")
    return found


def _job(actor: User, connection: Connection, snapshot: Snapshot, new: list[str]) -> Job:
    job = Job.objects.filter(project=connection.project_id, name=JOB).order_by("created_at").first()
    if job is None:
        job = jobs.create(
            actor=actor,
            name=JOB,
            connection=connection,
            snapshot=snapshot,
            base_model="rehearsal-small",
            recipe={"epochs": 3, "batch_size": 4},
            description=_("A rehearsal: every station of a job, and no model is trained."),
        )
        reason = _("The demo trains on its rule breakers on purpose.")
        job = jobs.launch(actor=actor, job=job, waive={"reason": reason})
        new.append("job")
    return job


def _evaluation(actor: User, snapshot: Snapshot, job: Job, new: list[str]) -> Evaluation | None:
    """The base model against the rehearsed one on what was held out; None while there is no model."""
    found = Evaluation.objects.filter(project=job.project_id).order_by("number").first()
    version = job.model_versions.filter(checkpoint=None, serving="ready").first()
    if found is not None or version is None:
        return found
    arms = [evaluations.ArmSpec(job.connection, model=job.base_model), evaluations.ArmSpec(job.connection, version)]
    new.append("evaluation")
    name = _("What does the rehearsal bring?")
    return evaluations.start(actor=actor, dataset=snapshot.dataset, snapshot=snapshot, arms=arms, name=name)

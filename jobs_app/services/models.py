"""The registry of tuned models: what each is called, how far it is trusted, and how one comes in that no job here made.

A model version is never deleted; it is retired. An alias belongs to one version of the project at a time. At most one
version of a task (a dataset) is in production: promoting another takes the first back to candidate, and asks the
release gate of the task. So a caller names a version by its alias, or follows `ALIAS@production`: the version in
production of the task that ALIAS belongs to.
"""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass
from typing import Any

from django.core.cache import cache
from django.db import IntegrityError, transaction
from django.db.models import Count
from django.utils import timezone
from django.utils.translation import gettext as _

from datasets_app.models import Snapshot
from datasets_app.models.snapshot import SnapshotState
from ftstudio.accounts.models import AuditEntry, Project, User
from ftstudio.accounts.policy import require
from ftstudio.errors import Conflict, InvalidInput, Listed, Text
from ftstudio.web.texts import to_line
from jobs_app.core import lifecycle
from jobs_app.models import Checkpoint, Connection, Job, JobMove, ModelVersion
from jobs_app.providers import PROVIDERS

from . import gates, readiness

CANDIDATE, PRODUCTION, RETIRED = STAGES = ("candidate", "production", "retired")
POINTER = "@production"
ALIAS = re.compile(r"[^\s/@]{1,100}")


def update(
    *,
    actor: User,
    model: ModelVersion,
    alias: str | None = None,
    stage: str | None = None,
    note: str | None = None,
    override: str = "",
) -> ModelVersion:
    """Change what is given. Every change stays in the audit log, where the model's page reads its history.

    Into production a model goes through the release gate of its task (`services.gates.ask`): Conflict(code="gate") says
    what it does not reach, `override` is the reason for which an owner promotes it nevertheless. Raises InvalidInput
    for an alias that is taken or cannot be one, for a stage that is none, for too long a note.
    """
    require(actor, model.project_id, "models.update")
    leave = None
    if stage == PRODUCTION and model.stage != PRODUCTION:
        leave = gates.ask(actor=actor, model=model, override=override)
    with transaction.atomic():
        # All versions of the task, locked in one order: two people who promote two of them take turns.
        rows = {
            row.pk: row for row in ModelVersion.objects.of_task(model).select_for_update(of=("self",)).order_by("pk")
        }
        now = rows.get(model.pk, model)
        was = {"alias": now.alias, "stage": now.stage, "note": now.note}
        changed = {
            name: value
            for name, value in (("alias", _alias(alias)), ("stage", _stage(stage)), ("note", _note(note)))
            if value is not None and value != was[name]
        }
        if changed.get("stage") == PRODUCTION:
            if leave is None or leave.rests_on != gates.basis(model):
                raise Conflict(_("The gate, or what is in production, has changed in the meantime. Look again."))
            gates.record(actor=actor, model=model, leave=leave)
            for other in rows.values():
                if other.stage == PRODUCTION and other.pk != model.pk:
                    ModelVersion.objects.filter(pk=other.pk).update(stage=CANDIDATE)
                    _record(actor, "models.update", other, stage=[PRODUCTION, CANDIDATE], for_the_sake_of=str(model.pk))
        if changed:
            _write(model, changed)
            _record(actor, "models.update", model, **{name: [was[name], value] for name, value in changed.items()})
    return model


def register_checkpoint(*, actor: User, checkpoint: Checkpoint, alias: str = "") -> ModelVersion:
    """Make a state on the way a model version of its own, with the job's contract. Twice is the same version."""
    job = checkpoint.job
    require(actor, job.project_id, "models.register")
    if not checkpoint.model:
        raise Conflict(_("The provider keeps this checkpoint without a name to call it by."))
    if (there := ModelVersion.objects.filter(job=job, model=checkpoint.model).first()) is not None:
        return there
    name = str(_alias(alias)) if alias.strip() else free_alias(job.project_id, f"{job.name}-step-{checkpoint.step}")
    model = ModelVersion(
        project=job.project,
        job=job,
        checkpoint=checkpoint,
        connection=job.connection,
        alias=name,
        model=checkpoint.model,
        contract=job.contract,
        serving="undeployed" if deploys(job.connection) else "ready",
    )
    with transaction.atomic():
        _add(model)
        _record(actor, "models.register", model, checkpoint=checkpoint.step)
    return model


def register_elsewhere(
    *,
    actor: User,
    connection: Connection,
    snapshot: Snapshot,
    model: str,
    base_model: str = "",
    alias: str = "",
    note: str = "",
) -> ModelVersion:
    """Take in a model that was tuned without us, by the id that the provider calls it by.

    `snapshot` is the data it was trained on, or the nearest there is: its rules and its system prompt become the
    inference contract. A job that has ended stands for the training, so that lineage, comparison and evaluation work as
    for every other model; it cost nothing here and says that it was registered by hand.
    """
    project = connection.project
    require(actor, project, "models.register")
    wrong: dict[str, str] = {}
    if not 1 <= len(model.strip()) <= 200 or "\x00" in model:
        wrong["model"] = _("Give the id that the provider calls the model by, of 1 to 200 characters.")
    if snapshot.dataset.project_id != project.pk or snapshot.state != SnapshotState.READY:
        wrong["snapshot"] = _("Choose a snapshot of the same project that is frozen.")
    if len(base_model.strip()) > 200:
        wrong["base_model"] = _("At most 200 characters.")
    if wrong:
        raise InvalidInput.of(wrong)
    if ModelVersion.objects.filter(connection=connection, model=model.strip()).exists():
        raise InvalidInput(model=_("This model is in the registry already."))
    name = str(_alias(alias)) if alias.strip() else free_alias(project.pk, model.strip().rpartition(":")[2] or "model")
    now = timezone.now()
    job = Job(
        project=project, connection=connection, snapshot=snapshot, created_by=actor, name=name,
        base_model=base_model.strip(), recipe={"method": "supervised"}, state=lifecycle.SUCCEEDED,
        raw_state="registered", marker=f"fts-{secrets.token_hex(16)}", result_model=model.strip(), finished_at=now,
    )  # fmt: skip
    job.contract = readiness.inference_contract(job, ours=False)
    version = ModelVersion(
        project=project, job=job, connection=connection, alias=name, model=model.strip(), contract=job.contract,
        note=_note(note) or "",
    )  # fmt: skip
    with transaction.atomic():
        job.save(force_insert=True)
        said = to_line(Text("registered by hand: tuned elsewhere"), 300)
        JobMove.objects.create(job=job, before=lifecycle.DRAFT, after=lifecycle.SUCCEEDED, actor=actor, note=said)
        _add(version)
        _record(actor, "models.register", version, elsewhere=True)
    return version


def resolve(project: Project, name: str) -> ModelVersion:
    """The version that a caller means by `ALIAS` or `ALIAS@production`. Raises InvalidInput(model=…) for none, Conflict
    for one that is retired."""
    alias, at, rest = name.partition("@")
    rows = ModelVersion.objects.filter(project=project).select_related("connection", "job__snapshot")
    found = rows.defer("connection__credential").filter(alias=alias).first()
    if found is not None and at:
        production = (
            ModelVersion.objects.of_task(found).filter(stage=PRODUCTION).first() if f"{at}{rest}" == POINTER else None
        )
        found = rows.filter(pk=production.pk).first() if production is not None else None
    if found is None:
        raise InvalidInput(model=Text("The project has no model “{name}”.", name=name[:120]))
    if found.stage == RETIRED:
        raise Conflict(Text("The model “{name}” is retired.", name=name[:120]), code="model_retired")
    return found


def free_alias(project_id: Any, wish: str) -> str:
    """`wish` as an alias that nobody has in the project, with a number behind it where it must be."""
    stem = re.sub(r"[\s/@]+", "-", wish).strip("-")[:90] or "model"
    taken = set(
        ModelVersion.objects.filter(project_id=project_id, alias__startswith=stem).values_list("alias", flat=True)
    )
    numbers = range(2, len(taken) + 3)
    return next(name for name in (stem, *(f"{stem}-{n}" for n in numbers)) if name not in taken)


def history(model: ModelVersion) -> list[AuditEntry]:
    """What people have changed about a version, newest first."""
    entries = AuditEntry.objects.filter(
        project_id=model.project_id, target_type="modelversion", target_id=str(model.pk)
    ).select_related("actor")
    return list(entries.order_by("-id")[:50])


@dataclass(frozen=True, slots=True)
class Origins:
    """`base` is the model version that training went on from, if it was one of ours. `uploads` are the files that the
    snapshot's samples came in with, the largest first: `{"pk", "name", "n"}`, `pk` None for what was written here."""

    base: ModelVersion | None
    uploads: list[dict[str, Any]]


def origins(model: ModelVersion) -> Origins:
    """Where a version comes from. A snapshot never changes, so its uploads are counted once a day at most."""
    job = model.job
    mine = ModelVersion.objects.filter(project_id=model.project_id, model=job.base_model)
    base = mine.exclude(pk=model.pk).defer("contract").first() if job.base_model else None
    if job.snapshot is None:
        return Origins(base, [])
    key = f"snapshot-uploads:{job.snapshot_id}"
    uploads = cache.get(key)
    if uploads is None:
        found = job.snapshot.entries.order_by().values("sample__upload_id", "sample__upload__name")
        uploads = [
            {"pk": row["sample__upload_id"], "name": row["sample__upload__name"] or "", "n": row["n"]}
            for row in found.annotate(n=Count("pk")).order_by("-n")[:10]
        ]
        cache.set(key, uploads, 86_400)
    return Origins(base, uploads)


def _alias(alias: str | None) -> str | None:
    if alias is not None and not ALIAS.fullmatch(alias.strip()):
        raise InvalidInput(alias=_("Give it a name of 1 to 100 characters without spaces, / and @."))
    return alias.strip() if alias is not None else None


def _stage(stage: str | None) -> str | None:
    if stage is not None and stage not in STAGES:
        raise InvalidInput(stage=Text("Choose one of {known}.", known=Listed(STAGES)))
    return stage


def _note(note: str | None) -> str | None:
    if note is not None and len(note.strip()) > 300:
        raise InvalidInput(note=_("At most 300 characters."))
    return note.strip() if note is not None else None


def _write(model: ModelVersion, changed: dict[str, Any]) -> None:
    try:
        with transaction.atomic():
            ModelVersion.objects.filter(pk=model.pk).update(**changed)
    except IntegrityError as error:
        raise _taken() from error
    for name, value in changed.items():
        setattr(model, name, value)


def _add(model: ModelVersion) -> None:
    try:
        with transaction.atomic():
            model.save(force_insert=True)
    except IntegrityError as error:
        raise _taken() from error


def _taken() -> InvalidInput:
    return InvalidInput(alias=_("Another model of the project has this alias."))


def deploys(connection: Connection) -> bool:
    """Whether its provider serves a tuned model only once it has been deployed."""
    return connection.kind in PROVIDERS and PROVIDERS[connection.kind].capabilities.deploys


def _record(actor: User, verb: str, model: ModelVersion, **detail: Any) -> None:
    AuditEntry.objects.record(actor=actor, verb=verb, target=model, project=model.project, **detail)

"""What a person may ask of a fine-tune job: draft it, launch it, and steer it while it runs."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Mapping
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from datasets_app.models import Snapshot
from ftstudio.accounts.models import AuditEntry, User
from ftstudio.accounts.policy import require
from ftstudio.errors import Conflict, InvalidInput, Text
from ftstudio.queue import enqueue
from ftstudio.web.texts import from_line
from jobs_app.core import lifecycle
from jobs_app.core.preflight import blockers
from jobs_app.core.preflight_facts import QUESTIONS, Item
from jobs_app.models import Connection, Job
from jobs_app.pipeline.queue import last_rank
from jobs_app.pipeline.telling import told
from jobs_app.tasks import poll_job, submit_job

from . import connections, inspections, readiness
from .drafted import provider_of, put_on
from .estimating import estimate_of
from .launch_waivers import confirmed, waived

CHANGES = frozenset({"name", "description", "snapshot", "connection", "base_model", "codec", "recipe", "answers"})
# What a draft holds and a person may change.
DRAFTED = (
    "name", "description", "snapshot", "connection", "base_model", "codec", "recipe", "answers", "waivers",
)  # fmt: skip


def create(
    *,
    actor: User,
    name: str,
    connection: Connection,
    snapshot: Snapshot | None = None,
    base_model: str = "",
    codec: str = "",
    recipe: Mapping[str, Any] | None = None,
    description: str = "",
    answers: Mapping[str, bool] | None = None,
    waive: Mapping[str, Any] | None = None,
) -> Job:
    """A draft. What is still missing may be left out and is asked for at launch; what is given must be usable.

    `codec` is the wire format of its files, "" for the provider's usual one. `recipe` holds settings by name; those
    left out take the provider's defaults. `answers` are a person's answers to `core.preflight_facts.QUESTIONS`; None:
    the questions are not asked. `waive` as in `launch`.
    """
    require(actor, connection.project_id, "jobs.create")
    job = Job(project_id=connection.project_id, connection=connection, created_by=actor, marker=_marker())
    put_on(
        job,
        {
            "name": name,
            "description": description,
            "snapshot": snapshot,
            "base_model": base_model,
            "codec": codec,
            "recipe": recipe or {},
            "answers": answers,
        },
    )
    with transaction.atomic():
        job.waivers = waived(job, actor, waive)
        job.save(force_insert=True)
        AuditEntry.objects.record(actor=actor, verb="jobs.create", target=job, project=job.project)
    return job


def update(*, actor: User, job: Job, **changes: Any) -> Job:
    """Change a draft; the names are those of `create`. Raises Conflict once the job has been launched."""
    require(actor, job.project_id, "jobs.create")
    if unknown := set(changes) - CHANGES:
        raise InvalidInput.of({name: _("This cannot be changed.") for name in sorted(unknown)})
    if not job.is_draft:
        raise Conflict(_("The job has been launched and can no longer be changed. Clone it instead."))
    if "connection" in changes and "recipe" not in changes:
        changes["recipe"] = {}  # another provider has other settings
    with transaction.atomic():
        _read_again(job)  # what somebody else changed since it was loaded stays changed
        if not job.is_draft:
            raise Conflict(_("The job has been launched and can no longer be changed. Clone it instead."))
        put_on(job, changes)
        if job.after is not None and job.after.connection_id != job.connection_id:
            job.after, job.after_step = None, None  # a tuned model is known to its own account only
        job.save(update_fields=[*DRAFTED, "after", "after_step"])
    return job


def delete(*, actor: User, job: Job) -> None:
    """Throw a draft away. A job that has been launched stays as a record: Conflict."""
    require(actor, job.project_id, "jobs.create")
    with transaction.atomic():
        draft = Job.objects.select_for_update().filter(pk=job.pk, state=lifecycle.DRAFT).first()
        if draft is None:
            raise Conflict(_("The job has been launched and stays as a record. Cancel it instead."))
        if (follower := draft.followers.first()) is not None:
            raise Conflict(
                Text("“{name}” goes on from the model of this job. Let it follow nothing first.", name=follower.name)
            )
        AuditEntry.objects.record(actor=actor, verb="jobs.delete", target=draft, project=draft.project, name=draft.name)
        draft.delete()


def preflight(job: Job) -> list[Item]:
    """Every precondition of the launch, answered from the rows as they are now. Call outside of a transaction."""
    inspections.settle(job)
    return readiness.checklist_of(job)


def launch(*, actor: User, job: Job, waive: Mapping[str, Any] | None = None, confirm: Collection[str] = ()) -> Job:
    """Check everything again, freeze the inference contract, and hand the job to the workers. Twice is a Conflict.

    `waive={"reason": …, "rules"?: […]}` lets error findings pass, without `rules` all of them. `confirm` names the
    guards that ask (`core.guards.ASKING`) and are meant. A credential that was not tried within the hour is tried
    first. Raises InvalidInput with one field for each precondition that is not met.
    """
    require(actor, job.project_id, "jobs.launch")
    try_credential(actor=actor, job=job)
    inspections.settle(job)
    now = timezone.now()
    with transaction.atomic():
        _read_again(job)  # and locked: what is checked here is what is launched
        if not job.is_draft:
            raise Conflict(_("This job has been launched already."))
        job.waivers = waived(job, actor, waive)
        job.waivers = confirmed(job, actor, confirm)
        if waiting := blockers(readiness.checklist_of(job, lock=True)):
            fields = {item.id.replace("-", "_"): item.detail for item in waiting}
            raise InvalidInput.of(fields, Text("The job is not ready to be launched."))
        launched = Job.objects.move(
            job,
            lifecycle.QUEUED,
            actor=actor,
            contract=readiness.inference_contract(job),
            estimate=estimate_of(job),
            waivers=job.waivers,
            rank=last_rank(job.connection) + 1,
            launched_at=now,
            next_poll_at=now + timedelta(seconds=settings.SWEEP_SECONDS),
        )
        if not launched:
            raise Conflict(_("This job has been launched already."))
        told(job, lifecycle.DRAFT, job.state)
        AuditEntry.objects.record(actor=actor, verb="jobs.launch", target=job, project=job.project, waivers=job.waivers)
        enqueue(submit_job, job.pk)
    return job


def cancel(*, actor: User, job: Job) -> Job:
    """Ask for an end. A job that the provider finishes first stays finished: its word settles it.

    Asked again while the job is being cancelled, the provider is told once more: it may have passed over the first.
    """
    if may_cancel_again(job):
        _cancel_again(actor, job)
    else:
        _steer(actor, job, "cancel", lifecycle.CANCELLING, cancel_wanted=True)
    return job


def may_cancel_again(job: Job) -> bool:
    """Whether the provider has been told to cancel, and goes on all the same as far as is known."""
    return job.state == lifecycle.CANCELLING and bool(job.provider_job) and not job.cancel_wanted


def _cancel_again(actor: User, job: Job) -> None:
    require(actor, job.project_id, "jobs.cancel")
    with transaction.atomic():
        told_before = Job.objects.filter(pk=job.pk, state=lifecycle.CANCELLING, cancel_wanted=False)
        if told_before.update(cancel_wanted=True, next_poll_at=timezone.now()) != 1:
            raise Conflict()
        AuditEntry.objects.record(actor=actor, verb="jobs.cancel", target=job, project=job.project, again=True)
        enqueue(poll_job, job.pk)
    job.cancel_wanted = True


def pause(*, actor: User, job: Job) -> Job:
    """Ask a provider that can to pause the running job."""
    _require_able(job, "pause")
    _steer(actor, job, "pause", lifecycle.PAUSING)
    return job


def resume(*, actor: User, job: Job) -> Job:
    """Let a paused job go on."""
    _require_able(job, "resume")
    _steer(actor, job, "resume", lifecycle.QUEUED)
    return job


def clone(*, actor: User, job: Job, **changes: Any) -> Job:
    """A new draft with this job's settings, changed where `changes` says so; it remembers where it came from."""
    require(actor, job.project_id, "jobs.create")
    if unknown := set(changes) - CHANGES:
        raise InvalidInput.of({name: _("This cannot be changed.") for name in sorted(unknown)})
    twin = Job(
        project_id=job.project_id, created_by=actor, marker=_marker(), parent=job, connection=job.connection,
        train_percent=job.train_percent, advice_id=job.advice_id, codec=job.codec,
    )  # fmt: skip
    same = {name: getattr(job, name) for name in ("description", "snapshot", "base_model", "recipe")}
    asked = dict.fromkeys(QUESTIONS, False) if job.answers else None
    if "connection" in changes and "recipe" not in changes:
        same["recipe"] = {}
    put_on(twin, {"name": _next_name(job), "answers": asked, **same, **changes})
    with transaction.atomic():
        twin.save(force_insert=True)
        AuditEntry.objects.record(actor=actor, verb="jobs.clone", target=twin, project=job.project, parent=str(job.pk))
    return twin


def _read_again(job: Job) -> None:
    """Bring what belongs to the draft up to date in memory, with the row locked until the transaction ends."""
    now = Job.objects.select_for_update(of=("self",)).select_related("connection", "snapshot__dataset").get(pk=job.pk)
    for column in ("state", "after", "after_step", *DRAFTED):
        setattr(job, column, getattr(now, column))


def try_credential(*, actor: User, job: Job) -> None:
    """Ask the provider whether it still lets us in, unless it said so within the hour. A rehearsal has no account.

    Raises InvalidInput(credential=…). It may take long: call outside of a transaction.
    """
    account = readiness.account_of(job.connection)
    if not account.probes or not account.credential or (account.fresh and not account.error) or not job.is_draft:
        return
    if error := connections.probe(actor=actor, connection=job.connection).probe_error:
        says = Text("The provider does not let us in: {says}", says=from_line(error))
        raise InvalidInput(credential=says)


def _steer(actor: User, job: Job, verb: str, to: str, **changes: Any) -> None:
    """Write down what the person wants; a worker tells the provider."""
    require(actor, job.project_id, f"jobs.{verb}")
    if verb not in lifecycle.verbs(job.state):
        raise Conflict(_("In its present state the job cannot do that."))
    with transaction.atomic():
        if not Job.objects.move(job, to, actor=actor, next_poll_at=timezone.now(), **changes):
            raise Conflict()
        AuditEntry.objects.record(actor=actor, verb=f"jobs.{verb}", target=job, project=job.project)
        enqueue(poll_job if job.provider_job else submit_job, job.pk)


def _require_able(job: Job, verb: str) -> None:
    if not provider_of(job.connection).can(verb):
        raise Conflict(_("This provider cannot pause jobs."))


def _next_name(job: Job) -> str:
    """The name with a counter: rain, rain-2, rain-3."""
    stem, dash, number = job.name.rpartition("-")
    if dash and number.isdecimal() and len(number) < 4:
        return f"{stem}-{int(number) + 1}"
    return f"{job.name[:195]}-2"


def _marker() -> str:
    return f"fts-{secrets.token_hex(16)}"

"""Jobs made from jobs: the same once more, in another format, through another provider, or going on from its model."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from ftstudio.accounts.models import AuditEntry, User
from ftstudio.accounts.policy import require
from ftstudio.errors import Conflict, InvalidInput, Listed, Text
from ftstudio.web.texts import say
from jobs_app.core import lifecycle
from jobs_app.core.names import fitting
from jobs_app.core.preflight_facts import QUESTIONS
from jobs_app.core.translate import Side, Translation, translate
from jobs_app.models import Connection, Job, JobFamily
from jobs_app.providers import PROVIDERS

from . import jobs
from .jobs import clone

__all__ = ["chain", "clone", "formats_of", "into_connection", "into_format", "methods_after"]

ENDED_BADLY = (lifecycle.FAILED, lifecycle.CANCELLED)


def formats_of(job: Job) -> tuple[str, ...]:
    """The wire formats in which the provider takes files for the job's method, the usual one first."""
    if job.connection.kind not in PROVIDERS:
        return ()
    return tuple(PROVIDERS[job.connection.kind].formats.get(job.recipe.get("method", "supervised"), ()))


def format_of(job: Job) -> str:
    """The wire format of the job's files."""
    return job.codec or next(iter(formats_of(job)), "")


def into_format(*, actor: User, job: Job, codec: str) -> Job:
    """A draft on the same snapshot, split and settings whose files are written in another format.

    The two are a family of kind "formats", so that they can be compared. Raises InvalidInput(codec=…).
    """
    require(actor, job.project_id, "jobs.create")
    others = [name for name in formats_of(job) if name != format_of(job)]
    if codec not in others:
        if not others:
            raise Conflict(_("The provider takes this job's files in one format only."))
        raise InvalidInput(codec=Text("Choose one of: {choices}.", choices=Listed(others)))
    with transaction.atomic():
        twin = clone(actor=actor, job=job, codec=codec)
        family = JobFamily.objects.create(
            project_id=job.project_id,
            kind="formats",
            name=job.name,
            # A job belongs to one family; the one it was made from is named, whichever family that is in.
            axes={"codec": [format_of(job), codec], "first": str(job.pk)},
            created_by=actor,
        )
        Job.objects.filter(pk=job.pk, family=None).update(family=family)
        twin.family = family
        twin.save(update_fields=["family"])
    return twin


def into_connection(
    *, actor: User, job: Job, connection: Connection, base_model: str = "", name: str = ""
) -> tuple[Job, Translation]:
    """A draft of the same job through another connection, and what became of each setting on the way.

    The base model is left to the person where the other provider has none of the same name. Raises
    InvalidInput(connection=…) where it does not offer the method.
    """
    require(actor, job.project_id, "jobs.create")
    if connection.pk == job.connection_id:
        raise InvalidInput(connection=_("Choose another connection than the job's own."))
    if connection.project_id != job.project_id:
        raise InvalidInput(connection=_("Choose a connection of the job's own project."))
    if connection.kind not in PROVIDERS or job.connection.kind not in PROVIDERS:
        raise InvalidInput(connection=_("This installation no longer knows the provider of this connection."))
    method = job.recipe.get("method", "supervised")
    offered = PROVIDERS[connection.kind].capabilities.methods
    if method not in offered:
        raise InvalidInput(connection=Text("This provider offers: {methods}.", methods=Listed(offered)))
    found = translate(job.recipe, _side(job.connection), _side(connection))
    known = {model.id for model in PROVIDERS[connection.kind].base_models}
    same = job.base_model if job.base_model in known or connection.kind == job.connection.kind else ""
    rule = PROVIDERS[connection.kind].capabilities.name_rule
    changes: dict[str, Any] = {"description": fitting(job.description, rule)}
    if name or fitting(job.name, rule) != job.name:  # a name that the other provider does not take is made to fit
        changes["name"] = name or fitting(job.name, rule) or "job"
    with transaction.atomic():
        twin = clone(
            actor=actor, job=job, connection=connection, base_model=base_model.strip() or same, recipe=found.values,
            **changes,
        )  # fmt: skip
        AuditEntry.objects.record(
            actor=actor, verb="jobs.move", target=twin, project=job.project, parent=str(job.pk),
            settings=[str(line.says) for line in found.lines],
        )  # fmt: skip
    return twin, found


def methods_after(job: Job) -> tuple[str, ...]:
    """What may be trained on top of the job's model: DPO after SFT, where the provider has it."""
    alive = job.state == lifecycle.SUCCEEDED or job.state in lifecycle.LIVE
    if not alive or job.connection.kind not in PROVIDERS or job.recipe.get("method", "supervised") != "supervised":
        return ()
    return tuple(method for method in PROVIDERS[job.connection.kind].capabilities.methods if method == "dpo")


def chain(*, actor: User, job: Job, name: str = "") -> Job:
    """A draft that goes on from the job's model with preferences (DPO). It waits in the queue until the job is done.

    Its data stays the same snapshot; that needs pairs, which the checklist sees. Raises Conflict where nothing can
    follow.
    """
    require(actor, job.project_id, "jobs.create")
    if "dpo" not in methods_after(job):
        raise Conflict(_("Nothing can go on from this job: it has no model to come, or its provider has no DPO."))
    with transaction.atomic():
        twin = jobs.create(
            actor=actor,
            name=name or f"{job.name[:190]}-dpo",
            connection=job.connection,
            snapshot=job.snapshot,
            base_model=job.base_model,  # says what it costs; when it begins, the queue puts the tuned model here
            recipe={"method": "dpo"},
            answers=dict.fromkeys(QUESTIONS, False) if job.answers else None,
        )
        twin.after, twin.parent, twin.advice_id = job, job, job.advice_id
        twin.save(update_fields=["after", "parent", "advice"])
    return twin


def _side(connection: Connection) -> Side:
    return Side(connection.kind, say(PROVIDERS[connection.kind].label), tuple(PROVIDERS[connection.kind].parameters))

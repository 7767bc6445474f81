"""What a draft of a job may hold: each value checked for what it means, and put on the job in memory."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from datasets_app.models import Snapshot
from datasets_app.models.snapshot import SnapshotState
from ftstudio.errors import InvalidInput, Listed, Text
from jobs_app.core.names import check_description, check_name
from jobs_app.core.preflight_facts import QUESTIONS
from jobs_app.core.recipes import parse
from jobs_app.models import Connection, Job
from jobs_app.providers import PROVIDERS


def put_on(job: Job, changes: Mapping[str, Any]) -> None:
    """Put the changes on the job in memory, each checked for what it means."""
    values = dict(changes)
    if (connection := values.pop("connection", None)) is not None:
        if connection.project_id != job.project_id:
            raise InvalidInput(connection=_("Choose a connection of the job's own project."))
        job.connection = connection
    provider = provider_of(job.connection)
    if "name" in values:
        job.name = check_name(str(values["name"]).strip(), provider.capabilities.name_rule)
    if "description" in values:
        words = str(values["description"] or "").strip()
        job.description = check_description(words, provider.capabilities.name_rule)
    if "snapshot" in values:
        before, job.snapshot = job.snapshot_id, _usable(values["snapshot"], job)
        if job.snapshot_id != before:
            job.waivers = []  # a reason was given for the errors of the data of then
    if "codec" in values:
        job.codec = str(values["codec"] or "")
    if "base_model" in values:
        job.base_model = str(values["base_model"] or "").strip()
        if len(job.base_model) > 200:
            raise InvalidInput(base_model=_("At most 200 characters."))
    if "recipe" in values:
        job.recipe = _recipe(provider, values["recipe"] or {})
    _check_codec(provider, job, asked="codec" in values)
    if "answers" in values:
        given = values["answers"]
        job.answers = {} if given is None else {name: bool(given.get(name)) for name in QUESTIONS}


def _check_codec(provider: Any, job: Job, *, asked: bool) -> None:
    """A format that the method has not is refused; one that was chosen for another provider or method is let go."""
    known = provider.formats.get(job.recipe.get("method", "supervised"), ())
    if job.codec and job.codec not in known:
        if asked:
            raise InvalidInput(codec=Text("The provider takes: {formats}.", formats=Listed(known)))
        job.codec = ""


def _usable(snapshot: Snapshot | None, job: Job) -> Snapshot | None:
    if snapshot is None:
        return None
    if snapshot.dataset.project_id != job.project_id:
        raise InvalidInput(snapshot=_("Choose a snapshot of the job's own project."))
    if snapshot.state == SnapshotState.FAILED:
        raise InvalidInput(snapshot=_("Freezing this snapshot failed; choose another one."))
    return snapshot


def _recipe(provider: Any, given: Mapping[str, Any]) -> dict[str, Any]:
    settings_given = dict(given)
    method = settings_given.pop("method", None) or "supervised"
    if method not in provider.capabilities.methods:
        raise InvalidInput(
            method=Text("This provider offers: {methods}.", methods=Listed(provider.capabilities.methods))
        )
    values = parse(settings_given, provider.parameters, method=method, passes=provider.passes_extras)
    return {"method": method, **values}


def provider_of(connection: Connection) -> Any:
    if connection.kind not in PROVIDERS:
        raise InvalidInput(connection=_("This installation no longer knows the provider of this connection."))
    return PROVIDERS[connection.kind]

"""Telling people and other systems what became of a job, in the transaction in which it became so.

`told` is called after each move of a job, `needs_you` when something waits for a person, `callable_now` when a tuned
model answers. People hear of it in the application and in their digest; hooks get a delivery each, which
`pipeline.deliver` sends. Told once, however often a stage is repeated: notifications carry a key, moves happen once.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.utils import timezone

from ftstudio.accounts import preferences
from ftstudio.accounts.models import Membership, Role
from ftstudio.accounts.services.notifications import (
    JOB_CALLABLE,
    JOB_FAILED,
    JOB_NEEDS_YOU,
    JOB_SUCCEEDED,
    notify,
)
from ftstudio.errors import Text
from ftstudio.web import addresses
from ftstudio.web.texts import from_row
from jobs_app.core import hooks, lifecycle
from jobs_app.models import Connection, Delivery, Hook, Job, ModelVersion

LEADING = (Role.LEAD, Role.OWNER)


def told(job: Job, before: str, after: str) -> None:
    """Tell of a move that has just been written. `job` is as it is now, with its connection."""
    page = addresses.told("pages:job-detail", job.pk)
    if after == lifecycle.SUCCEEDED:
        text = Text("The job “{name}” has succeeded", name=job.name)
        _tell(job, JOB_SUCCEEDED, text, page, key=f"job-end:{job.pk}")
    elif after == lifecycle.FAILED:
        text = Text("The job “{name}” has failed: {reason}", name=job.name, reason=_reason(job))
        _tell(job, JOB_FAILED, text, page, key=f"job-end:{job.pk}")
    if kind := hooks.kind_of_move(before, after):
        _announce(job.project_id, kind, {"job": {**_job(job), "before": before}})


def needs_you(job: Job, why: Text, step: str) -> None:
    """Say that a job waits for a person: `step` names for what ("auth", "quota", "manual" …), told once for each."""
    page = addresses.told("pages:job-detail", job.pk)
    text = Text("The job “{name}” waits for you: {why}", name=job.name, why=why)
    _tell(job, JOB_NEEDS_YOU, text, page, key=f"job-{step}:{job.pk}"[:100])
    _announce(job.project_id, "job.needs_you", {"job": _job(job), "step": step})


def stopped(connection: Connection) -> None:
    """Say that nothing is sent through a connection until a person has done something (`Connection.stopped`).

    Heard by whoever has a live job there, and by the owners, who alone can change a connection.
    """
    waiting = Job.objects.live().filter(connection_id=connection.pk)
    concerned = set(waiting.values_list("created_by_id", flat=True))
    owners = Membership.objects.filter(project_id=connection.project_id, role=Role.OWNER)
    text = Text(
        "The connection “{name}” is stopped until somebody looks after it: {says}",
        name=connection.name, says=connection.stopped_says or connection.stopped,
    )  # fmt: skip
    at = connection.stopped_at or timezone.now()
    notify(
        concerned | set(owners.values_list("user_id", flat=True)),
        kind=JOB_NEEDS_YOU,
        text=text,
        project=connection.project,
        url=addresses.told("pages:connection-update", connection.pk),
        key=f"stopped:{connection.pk}:{int(at.timestamp())}",
    )
    data = {"connection": {"id": str(connection.pk), "kind": connection.kind, "stopped": connection.stopped}}
    _announce(connection.project_id, "job.needs_you", {**data, "step": connection.stopped})


def callable_now(model: ModelVersion) -> None:
    """Say that a tuned model can be called from now on. To call twice is harmless for people; hooks hear it again."""
    page = addresses.told("pages:model-detail", model.pk)
    text = Text("The model “{alias}” can be called", alias=model.alias)
    _tell(model.job, JOB_CALLABLE, text, page, key=f"callable:{model.pk}")
    data = {"id": str(model.pk), "alias": model.alias, "model": model.called, "url": f"{settings.SITE_URL}{page}"}
    _announce(model.project_id, "model.callable", {"model": data, "job": _job(model.job)})


def _tell(job: Job, kind: str, text: Text, url: str, *, key: str) -> None:
    people = {job.created_by_id, *_followers(job.project_id)}
    notify(people, kind=kind, text=text, project=job.project, url=url, key=key)


def _followers(project_id: Any) -> Iterable[int]:
    """Leads and owners who wish to hear of every job of their projects."""
    leading = Membership.objects.filter(project_id=project_id, role__in=LEADING).select_related("user")
    return [one.user_id for one in leading if preferences.of(one.user).follow_jobs]


def _announce(project_id: Any, kind: str, data: dict[str, Any]) -> None:
    """One delivery for each hook that wants to hear of it; beat's next look sends them."""
    wanted = [
        pk
        for pk, kinds in Hook.objects.filter(project_id=project_id, active=True).values_list("pk", "kinds")
        if hooks.is_wanted(kind, kinds)
    ]
    if wanted:
        now = timezone.now()
        payload = hooks.message(kind, now, {"project": str(project_id), **data})
        Delivery.objects.bulk_create(
            [Delivery(hook_id=pk, kind=kind, payload=payload, next_try_at=now) for pk in wanted]
        )


def _job(job: Job) -> dict[str, Any]:
    """A job for other systems: what it is, how it stands, where to look. No data, no provider's sentences."""
    return {
        "id": str(job.pk),
        "name": job.name,
        "state": job.state,
        "provider": job.connection.kind,
        "rehearsal": job.connection.is_rehearsal,
        "base_model": job.base_model,
        "provider_job": job.provider_job or None,
        "model": job.result_model or None,
        "error": (job.error or {}).get("code"),
        "url": f"{settings.SITE_URL}{addresses.told('pages:job-detail', job.pk)}",
        "api": f"{settings.SITE_URL}{addresses.told('api:job-detail', job.pk)}",
    }


def _reason(job: Job) -> str:
    row = job.error or {}
    return from_row(row) if "template" in row else str(row.get("message", "")) or Text("no reason is given")

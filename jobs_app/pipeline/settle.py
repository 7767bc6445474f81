"""Ends and refusals of a job, written the same way wherever they are met."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from ftstudio.errors import StudioError, Text
from ftstudio.web.texts import to_row
from jobs_app.core import lifecycle
from jobs_app.models import Job

from .telling import told

BROKEN = Text("Something broke on our side. It has been written to the log; nothing you saved is lost.")


class Lost(Exception):
    """The lease ran out and another worker has the job, or a person cancelled it: write nothing more."""


class Wait(Exception):
    """Nothing is wrong and nothing can be done before `until`: let go of the job until then."""

    def __init__(self, until: datetime) -> None:
        super().__init__(until)
        self.until = until


def remember(job: Job, key: str, **changes: object) -> None:
    """Write down what has been paid for, and go on only if the job is still ours. Raises Lost."""
    if not Job.objects.renew(job.pk, key, **changes):
        raise Lost
    for name, value in changes.items():
        setattr(job, name, value)


def error_row(refusal: StudioError) -> dict[str, Any]:
    """A refusal as `Job.error` keeps it: {"code", "template", "params"}."""
    return {"code": refusal.code, **to_row(refusal.message)}


@transaction.atomic
def end(job: Job, key: str, state: str, *, error: StudioError | None = None, note: str = "") -> bool:
    """End a job that this worker holds, and let go of it. False: the lease was lost, nothing is written."""
    if not Job.objects.renew(job.pk, key):
        return False
    job.refresh_from_db(fields=["state"])
    if not lifecycle.can(job.state, state):
        return False
    before = job.state
    moved = Job.objects.move(
        job,
        state,
        note=note,
        error=error_row(error) if error else None,
        finished_at=timezone.now(),
        next_poll_at=None,
        cancel_wanted=False,
    )
    if moved:
        told(job, before, state)
    return Job.objects.release(job.pk, key)

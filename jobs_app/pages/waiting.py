"""What the job page says of a job that waits: why, what a person may arrange, what there is to do by hand."""

from __future__ import annotations

from typing import Any

from ftstudio.accounts.policy import allows
from ftstudio.web.requests import PersonRequest
from jobs_app.models import Job
from jobs_app.services import manual, queue


def waiting_of(request: PersonRequest, job: Job) -> dict[str, Any]:
    """`waiting`: the sentence; `guide`: the steps of a job by hand; and what the person may do about either."""
    return {
        "waiting": queue.waiting_reason(job),
        "may_queue": job.is_waiting and allows(request.user, job.project_id, "jobs.queue"),
        "ahead": [one for one in queue.line_of(job.connection) if one.pk != job.pk][:20] if job.is_waiting else [],
        "held": job.hold_until is not None,
        "may_resume": bool(job.connection.stopped) and allows(request.user, job.project_id, "connections.resume"),
        "may_give_key": job.connection.stopped == "auth" and allows(request.user, job.project_id, "connections.update"),
        "guide": manual.guide_of(job),
        "may_register": allows(request.user, job.project_id, "models.register"),
    }

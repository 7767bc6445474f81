"""What we sent for a job and what was answered, step by step, among the job's events: for who has to explain a bill."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from django.utils import timezone

from ftstudio.errors import Text
from ftstudio.web.texts import to_line
from jobs_app.models import Job, JobEvent
from jobs_app.models.report import OURS
from jobs_app.providers.base import Order

LONGEST = 4000  # characters of a sentence


def step_id(step: str) -> str:
    """The id under which a step of ours stands among the events."""
    return f"{OURS}{step}"[:100]


def note(job: Job, step: str, message: Text, *, level: str = "info", raw: Mapping[str, Any] | None = None) -> None:
    """Write down a step, once: the same `step` a second time changes nothing. `raw` must hold no credential."""
    JobEvent.objects.get_or_create(
        job=job,
        provider_id=step_id(step),
        defaults={"at": timezone.now(), "level": level, "message": to_line(message, LONGEST), "raw": raw},
    )


def sent(order: Order) -> dict[str, Any]:
    """An order as it is kept. It holds file ids, names and settings, nothing secret."""
    plain: dict[str, Any] = json.loads(json.dumps(asdict(order), default=str))
    return plain


def files_of(job: Job) -> list[str]:
    """The training files of every create that was tried, the newest first."""
    tried = job.events.filter(provider_id__startswith=f"{OURS}create-").order_by("-id").values_list("raw", flat=True)
    named = [str((raw or {}).get("sent", {}).get("training_file") or "") for raw in tried]
    return list(dict.fromkeys(name for name in (job.training_file, *named) if name)) or [""]

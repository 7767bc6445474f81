"""Which live jobs somebody should look at: they have been silent for longer than can be explained. Read only."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db.models import OuterRef, QuerySet, Subquery
from django.utils import timezone

from ftstudio.errors import Text
from jobs_app.core import lifecycle
from jobs_app.core.stuck import Life, why_stuck
from jobs_app.models import Job, JobEvent, JobMove

AT_ONCE = 500  # live jobs in memory
YOUNG = timedelta(minutes=30)  # nobody is impatient before
READ = ("name", "state", "launched_at", "started_at", "polled_at", "poll_failures", "estimate", "provider_job",
        "create_tries", "connection__stopped")  # fmt: skip


def stuck(jobs: QuerySet[Any], now: datetime | None = None) -> list[tuple[Job, Text]]:
    """Those of `jobs` with the reason, the one that was launched first before the others. Every live job is looked at,
    in narrow columns and a page at a time; of the rows nothing but `READ` is there."""
    now = now or timezone.now()
    live = jobs.filter(state__in=lifecycle.LIVE - {lifecycle.PAUSED}, launched_at__lt=now - YOUNG)
    last_move = JobMove.objects.filter(job=OuterRef("pk")).order_by("-id").values("at")[:1]
    last_event = JobEvent.objects.filter(job=OuterRef("pk")).order_by("-at").values("at")[:1]
    rows = live.annotate(moved=Subquery(last_move), heard=Subquery(last_event))
    rows = rows.select_related("connection").only(*READ).order_by("launched_at", "pk")
    reasons = ((job, why_stuck(_life(job), now)) for job in rows.iterator(chunk_size=AT_ONCE))
    return [(job, why) for job, why in reasons if why is not None]


def _life(job: Any) -> Life:
    seconds = (job.estimate or {}).get("seconds")
    return Life(
        state=job.state,
        since=job.moved or job.launched_at,
        heard=job.heard,
        asked=job.polled_at if not job.poll_failures else None,
        started=job.started_at,
        expected=float(seconds) if isinstance(seconds, int | float | str) and str(seconds) else None,
        failures=job.poll_failures,
        waits=job.is_waiting or bool(job.connection.stopped),
    )

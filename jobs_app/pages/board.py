"""The jobs dashboard: what leads look at in the morning."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.decorators import login_required
from django.db.models import Count, Q, Sum
from django.db.models.functions import TruncDate
from django.http import HttpResponse
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.safestring import SafeString
from django.views.decorators.http import require_safe

from datasets_app.models import DatasetCount, Decision
from ftstudio import heart
from ftstudio.accounts.models import Project, User
from ftstudio.accounts.policy import allows
from ftstudio.web.current import current_project
from ftstudio.web.render import render_page
from ftstudio.web.requests import PersonRequest
from jobs_app.core import lifecycle, metrics
from jobs_app.models import Job, JobMetric

from .progress import duration, spark, verdict_word

SIZE = 25
VIEWS: dict[str, frozenset[str]] = {
    "recent": frozenset(lifecycle.STATES),
    "running": frozenset({lifecycle.RUNNING, lifecycle.PAUSING, lifecycle.PAUSED, lifecycle.CANCELLING}),
    "waiting": frozenset({lifecycle.DRAFT, lifecycle.QUEUED, lifecycle.UPLOADING, lifecycle.VALIDATING}),
    "failed": frozenset({lifecycle.FAILED}),
}


@dataclass(frozen=True, slots=True)
class Row:
    """A job as the table shows it."""

    job: Job
    spark: SafeString
    verdict: Any
    time: str


@login_required
@require_safe
def job_list(request: PersonRequest) -> HttpResponse:
    project = current_project(request)
    everything = Job.objects.visible_to(request.user).filter(project=project)
    view = request.GET.get("view", "recent")
    wanted = VIEWS.get(view, VIEWS["recent"])
    jobs = everything.filter(state__in=wanted).select_related("connection", "snapshot__dataset", "created_by")
    jobs = jobs.defer("connection__credential")
    if before := _moment(request.GET.get("before", "")):
        jobs = jobs.filter(created_at__lt=before)
    page = list(jobs.order_by("-created_at")[: SIZE + 1])
    is_lead = project is not None and allows(request.user, project, "audit.read")
    counts = dict(everything.values_list("state").annotate(n=Count("pk")).order_by())
    context = {
        "rows": _rows(page[:SIZE]),
        "older": page[SIZE - 1].created_at.isoformat() if len(page) > SIZE else "",
        "is_first_page": before is None,
        "view": view if view in VIEWS else "recent",
        "tabs": [(name, sum(counts.get(state, 0) for state in states)) for name, states in VIEWS.items()],
        "workers": heart.workers(),
        "waiting_jobs": sum(counts.get(state, 0) for state in (lifecycle.QUEUED, lifecycle.UPLOADING)),
        "may_create": project is not None and allows(request.user, project, "jobs.create"),
        "figures": _figures(request.user, project, everything) if project else None,
        "people": _people(request.user, project) if is_lead and project else [],
    }
    return render_page(request, "jobs/list.html", context)


def _moment(text: str) -> datetime | None:
    try:
        moment = parse_datetime(text)
    except ValueError:
        return None
    return moment if moment is None or timezone.is_aware(moment) else None


def _rows(jobs: Sequence[Job]) -> list[Row]:
    """The jobs with their curves, read in one query."""
    points: dict[Any, list[metrics.Point]] = defaultdict(list)
    names = ("train_loss", "valid_loss", "full_valid_loss")
    found = JobMetric.objects.filter(job__in=[job.pk for job in jobs], name__in=names).order_by("step")
    for job_id, step, name, value in found.values_list("job_id", "step", "name", "value"):
        points[job_id].append(metrics.Point(step, name, value))
    rows = []
    for job in jobs:
        series = metrics.series(points[job.pk])
        train, valid = series.get("train_loss", []), metrics.validation(series)
        ended = job.finished_at or timezone.now()
        time = duration((ended - job.launched_at).total_seconds()) if job.launched_at else ""
        rows.append(Row(job, spark(train, valid), verdict_word(job, train, valid), time))
    return rows


def _figures(user: User, project: Project, jobs: Any) -> dict[str, Any]:
    """The row of figures at the top. Spending is added up for each currency apart."""
    now = timezone.now()
    month = now.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    this_month = jobs.filter(launched_at__gte=month)
    counted = this_month.aggregate(
        n=Count("pk"),
        failed=Count("pk", filter=Q(state=lifecycle.FAILED)),
        done=Count("pk", filter=Q(state=lifecycle.SUCCEEDED)),
    )
    spent = this_month.exclude(cost=None).values("currency").annotate(total=Sum("cost")).order_by("currency")
    decisions = _decisions(user, project)
    by_day = dict(decisions.values(day=TruncDate("at")).values_list("day").annotate(n=Count("pk")).order_by())
    days = [(now - timedelta(days=back)).date() for back in range(6, -1, -1)]
    line = [(place, float(by_day.get(day, 0))) for place, day in enumerate(days)]
    counts = DatasetCount.objects.filter(dataset__project=project, kind="status", key__in=("pending", "flagged"))
    waiting = dict(counts.values_list("key").annotate(n=Sum("n")).order_by())
    return {
        "month": month,
        "spent": list(spent),
        "jobs": counted,
        "decisions": sum(by_day.values()),
        "decisions_spark": spark((), line) if any(by_day.values()) else "",
        "pending": waiting.get("pending") or 0,
        "flagged": waiting.get("flagged") or 0,
    }


def _people(user: User, project: Project) -> list[dict[str, Any]]:
    """Who decided how much in the last seven days, the busiest first."""
    found = _decisions(user, project).values("by_id", "by__name", "by__username")
    return list(
        found.annotate(
            n=Count("pk"),
            accepted=Count("pk", filter=Q(decision="accept")),
            rejected=Count("pk", filter=Q(decision="reject")),
            flagged=Count("pk", filter=Q(decision="flag")),
        ).order_by("-n")[:20]
    )


def _decisions(user: User, project: Project) -> Any:
    week = timezone.now() - timedelta(days=7)
    mine = Decision.objects.visible_to(user)
    return mine.filter(sample__dataset__project=project, at__gte=week, undone_at=None).order_by()

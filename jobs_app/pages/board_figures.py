"""What stands around the board of jobs: what asks for somebody, the month's figures, who has decided how much."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Q, Sum
from django.db.models.functions import TruncDate
from django.utils import timezone

from datasets_app.models import DatasetCount, Decision
from ftstudio.accounts.models import Project, User
from ftstudio.accounts.policy import allows
from jobs_app.core import lifecycle
from jobs_app.services import alerts, budgets
from jobs_app.services.stuck import stuck

from .progress import spark


def months() -> list[tuple[str, datetime]]:
    """The last twelve, newest first."""
    now = timezone.localtime().replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    found = []
    for _month in range(12):
        found.append((f"{now:%Y-%m}", now))
        now = (now - timedelta(days=1)).replace(day=1)
    return found


def alerts_of(user: User, project: Project | None, jobs: Any) -> dict[str, Any]:
    """What wants a person: connections that are stopped, models that stop, jobs that nothing is heard of."""
    if project is None:
        return {}
    return {
        "stopped": alerts.stopped(project),
        "may_resume": allows(user, project, "connections.resume"),
        "is_owner": allows(user, project, "connections.update"),
        "sunsets": alerts.sunsets(project),
        "stuck": stuck(jobs),
    }


def figures_of(user: User, project: Project, jobs: Any) -> dict[str, Any]:
    """The row of figures at the top."""
    now = timezone.now()
    month = budgets.month_start()
    counted = jobs.filter(launched_at__gte=month).aggregate(
        n=Count("pk"),
        failed=Count("pk", filter=Q(state=lifecycle.FAILED)),
        done=Count("pk", filter=Q(state=lifecycle.SUCCEEDED)),
    )
    decisions = decisions_of(user, project)
    by_day = dict(decisions.values(day=TruncDate("at")).values_list("day").annotate(n=Count("pk")).order_by())
    days = [(now - timedelta(days=back)).date() for back in range(6, -1, -1)]
    line = [(place, float(by_day.get(day, 0))) for place, day in enumerate(days)]
    counts = DatasetCount.objects.filter(dataset__project=project, kind="status", key__in=("pending", "flagged"))
    waiting = dict(counts.values_list("key").annotate(n=Sum("n")).order_by())
    return {
        "month": month,
        "jobs": counted,
        "decisions": sum(by_day.values()),
        "decisions_spark": spark((), line) if any(by_day.values()) else "",
        "pending": waiting.get("pending") or 0,
        "flagged": waiting.get("flagged") or 0,
    }


def people_of(user: User, project: Project | None) -> list[dict[str, Any]]:
    """Who decided how much in the last seven days, the busiest first; for who leads."""
    if project is None or not allows(user, project, "audit.read"):
        return []
    found = decisions_of(user, project).values("by_id", "by__name", "by__username")
    return list(
        found.annotate(
            n=Count("pk"),
            accepted=Count("pk", filter=Q(decision="accept")),
            rejected=Count("pk", filter=Q(decision="reject")),
            flagged=Count("pk", filter=Q(decision="flag")),
        ).order_by("-n")[:20]
    )


def decisions_of(user: User, project: Project) -> Any:
    week = timezone.now() - timedelta(days=7)
    mine = Decision.objects.visible_to(user)
    return mine.filter(sample__dataset__project=project, at__gte=week, undone_at=None).order_by()

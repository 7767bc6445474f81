"""The jobs dashboard: what leads look at in the morning. A board by state or a table, the queues, the spending."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.core.cache import cache
from django.db.models import Max
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.functional import SimpleLazyObject
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST, require_safe

from ftstudio.accounts.models import Project, User
from ftstudio.accounts.policy import allows
from ftstudio.errors import Text
from ftstudio.web.current import current_project
from ftstudio.web.navigation import url_or_none
from ftstudio.web.render import render_page
from ftstudio.web.requests import PersonRequest
from jobs_app.core import lifecycle, metrics
from jobs_app.models import Connection, Job, JobMetric
from jobs_app.providers import PROVIDERS
from jobs_app.services import boards, budgets, hosting, lines, queue, retries, spending
from jobs_app.services.boards import Wanted

from .board_figures import alerts_of, figures_of, months, people_of
from .jobs import found
from .progress import duration, spark, verdict_word

LOOKS = ("table", "board")
TITLES = {
    "draft": _("Drafts"),
    "waiting": _("Waiting"),
    "running": _("Running"),
    "succeeded": _("Succeeded"),
    "failed": _("Failed"),
    "cancelled": _("Cancelled"),
}
HEADS = (  # of the table: (order or "", word, class)
    ("name", _("Job"), ""),
    ("", _("State"), ""),
    ("base", _("Base and provider"), "wide-only"),
    ("", _("Loss"), ""),
    ("", _("Verdict"), ""),
    ("rows", _("Rows"), "num"),
    ("cost", _("Cost"), "num"),
    ("finished", _("Time"), "num"),
    ("", _("By"), ""),
)
KEPT = 86_400  # seconds that a drawn curve is kept; it is drawn anew when its job has moved or reported


@dataclass(frozen=True, slots=True)
class Row:
    """A job as a row or a card. `steps` is how many there are in all and `progress` of 1, None where the provider does
    not say; `why` is what it waits for."""

    job: Job
    spark: SafeString
    verdict: Any
    time: str
    step: int | None
    steps: int | None
    progress: float | None
    why: Text | None
    may_retry: bool


@login_required
@require_safe
def job_list(request: PersonRequest) -> HttpResponse:
    """The board or the table. Only what is shown is read: a part that asks again costs its own queries."""
    project, user = current_project(request), request.user
    jobs = Job.objects.visible_to(user).filter(project=project)
    wanted = Wanted.of(request.GET.dict())
    look = request.GET.get("look", "")
    look = look if look in LOOKS else LOOKS[0]
    shown: dict[str, Any] = {}
    if look == "board":
        columns = boards.columns(jobs, wanted)
        rows = {row.job.pk: row for row in _rows([job for some in columns.values() for job in some])}
        shown["columns"] = [(name, TITLES[name], [rows[job.pk] for job in some]) for name, some in columns.items()]
        live = any(not job.is_final and not job.is_draft for some in columns.values() for job in some)
    else:
        page, later = boards.page(jobs, wanted, request.GET.get("cursor", ""))
        shown |= {"rows": _rows(page), "later": later, "is_first_page": not request.GET.get("cursor")}
        live = any(not job.is_final and not job.is_draft for job in page)
    context = shown | {
        "wanted": wanted,
        "look": look,
        "live": live,
        "heads": _heads(wanted),
        "counts": boards.counts(jobs, wanted),
        "groups": TITLES,
        "compare": url_or_none("pages:run-compare"),
        "may_create": project is not None and allows(user, project, "jobs.create"),
        "choices": SimpleLazyObject(lambda: _choices(user, project)),
        "figures": SimpleLazyObject(lambda: figures_of(user, project, jobs) if project else None),
        "budgets": SimpleLazyObject(lambda: budgets.state(project.pk) if project else []),
        "alerts": SimpleLazyObject(lambda: alerts_of(user, project, jobs)),
        "people": SimpleLazyObject(lambda: people_of(user, project)),
    }
    return render_page(request, "jobs/list.html", context)


@login_required
@require_safe
def job_queue(request: PersonRequest) -> HttpResponse:
    """What waits for which connection, in which order, and why."""
    project = current_project(request)
    context = {
        "lines": lines.of(request.user, project) if project else [],
        "may_queue": project is not None and allows(request.user, project, "jobs.queue"),
        "may_resume": project is not None and allows(request.user, project, "connections.resume"),
        "is_owner": project is not None and allows(request.user, project, "connections.update"),
    }
    return render_page(request, "jobs/queue.html", context)


@login_required
@require_safe
def job_spend(request: PersonRequest) -> HttpResponse:
    """What the jobs have cost, by month and provider."""
    project = current_project(request)
    lines = spending.by_month(project.pk) if project else []
    context = {
        "lines": [(line, PROVIDERS[line.kind].label if line.kind in PROVIDERS else line.kind) for line in lines],
        "budgets": budgets.state(project.pk) if project else [],
        "deployments": hosting.running(project.pk) if project else [],
        "may_budget": project is not None and allows(request.user, project, "budgets.update"),
    }
    return render_page(request, "jobs/spend.html", context)


@login_required
@require_POST
def job_retry(request: PersonRequest, pk: UUID) -> HttpResponse:
    job = retries.retry(actor=request.user, job=found(request, pk))
    return redirect("pages:job-update" if job.is_draft else "pages:job-detail", job.pk)


def _rows(jobs: Sequence[Job]) -> list[Row]:
    """The jobs with their curves. However many they are: one query for what is new of them, two for what waits."""
    curves = _curves(jobs)
    reasons = queue.waiting_reasons(jobs)
    rows = []
    for job in jobs:
        drawn, verdict, steps, step = curves.get(job.pk, (SafeString(""), None, None, None))
        ended = job.finished_at or timezone.now()
        time = duration((ended - job.launched_at).total_seconds()) if job.launched_at else ""
        progress = min(1.0, step / steps) if step and steps else None
        rows.append(Row(job, drawn, verdict, time, step, steps, progress, reasons.get(job.pk), _may_retry(job)))
    return rows


def _may_retry(job: Job) -> bool:
    """Whether a list offers it: a stopped connection has a notice of its own, and who cancelled had a reason."""
    return job.state == lifecycle.FAILED or (not job.is_final and not job.connection.stopped and retries.can_retry(job))


def _curves(jobs: Sequence[Job]) -> dict[UUID, tuple[SafeString, Any, int | None, int | None]]:
    """Each job's thumbnail, verdict, steps in all and last step. What has been drawn before is kept until the job
    reports more."""
    ran = {job.pk: job for job in jobs if job.launched_at}
    last = dict(
        JobMetric.objects.filter(job__in=ran, name="train_loss").order_by().values_list("job").annotate(s=Max("step"))
    )
    keys = {pk: f"thumbnail:{pk}:{last[pk]}:{ran[pk].state}:{get_language()}" for pk in last}
    kept = cache.get_many(keys.values())
    found = {pk: kept[key] for pk, key in keys.items() if key in kept}
    if new := [pk for pk in keys if pk not in found]:
        steps = boards.steps_of(pk for pk in new if not ran[pk].is_final)
        drawn = {pk: (*_drawn(ran[pk], points), steps.get(pk), last[pk]) for pk, points in _points(new).items()}
        cache.set_many({keys[pk]: one for pk, one in drawn.items()}, KEPT)
        found |= drawn
    return found


def _points(jobs: Sequence[UUID]) -> dict[UUID, list[metrics.Point]]:
    points: dict[UUID, list[metrics.Point]] = defaultdict(list)
    names = ("train_loss", "valid_loss", "full_valid_loss")
    rows = JobMetric.objects.filter(job__in=jobs, name__in=names).order_by("step")
    for job_id, step, name, value in rows.values_list("job_id", "step", "name", "value"):
        points[job_id].append(metrics.Point(step, name, value))
    return points


def _drawn(job: Job, points: Sequence[metrics.Point]) -> tuple[SafeString, Any]:
    series = metrics.series(points)
    train, valid = series.get("train_loss", []), metrics.validation(series)
    return spark(train, valid), verdict_word(job, train, valid)


def _heads(wanted: Wanted) -> list[dict[str, Any]]:
    """The table's heads: each word, the order that a click asks for, and how the column is ordered now."""
    heads = []
    for name, word, classes in HEADS:
        is_now, descending = wanted.sort.removeprefix("-") == name, wanted.sort.startswith("-")
        first = name if name in ("name", "base") else f"-{name}"
        turned = name if descending else f"-{name}"
        now = ("descending" if descending else "ascending") if name and is_now else ""
        heads.append(
            {"sort": (turned if is_now else first) if name else "", "word": word, "class": classes, "now": now}
        )
    return heads


def _choices(user: User, project: Project | None) -> dict[str, Any]:
    if project is None:
        return {}
    found = boards.choices(user, project)
    kinds = Connection.objects.filter(project=project).order_by("kind").values_list("kind", flat=True).distinct()
    return {
        "kinds": [(kind, PROVIDERS[kind].label if kind in PROVIDERS else Text("{kind}", kind=kind)) for kind in kinds],
        "months": months(),
        **{name: getattr(found, name) for name in ("connections", "bases", "people", "datasets", "families")},
    }

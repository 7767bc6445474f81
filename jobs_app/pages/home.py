"""The first page: what waits for me; for a new project, the four steps to a model."""

from __future__ import annotations

from collections import defaultdict
from datetime import timedelta
from typing import Any

from django.contrib.auth.decorators import login_required
from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from datasets_app.models import Dataset, DatasetCount, Upload
from datasets_app.models.upload import UploadState
from ftstudio.accounts.models import Project
from ftstudio.accounts.policy import allows
from ftstudio.web.current import current_project, remember_project
from ftstudio.web.render import render_page
from ftstudio.web.requests import PersonRequest
from jobs_app.core import lifecycle
from jobs_app.models import Connection, Job
from jobs_app.services import demo

RECENT = timedelta(days=7)


@login_required
@require_safe
def home(request: PersonRequest) -> HttpResponse:
    project = current_project(request)
    datasets = list(Dataset.objects.visible_to(request.user).filter(project=project)[:50]) if project else []
    if not project or not any(dataset.samples_total for dataset in datasets):
        return render_page(request, "home/first_run.html", _first_steps(request, project, datasets))
    context = {"datasets": _with_counts(datasets), **_waiting(request, project)}
    return render_page(request, "home/home.html", context)


@login_required
@require_POST
def demo_create(request: PersonRequest) -> HttpResponse:
    made = demo.open_demo(actor=request.user)
    remember_project(request, made.project)
    return redirect("pages:home")


def _first_steps(request: PersonRequest, project: Project | None, datasets: list[Dataset]) -> dict[str, Any]:
    """The four steps, and which of them comes now."""
    dataset = datasets[0] if datasets else None
    connected = bool(project) and Connection.objects.visible_to(request.user).filter(project=project).exists()
    return {
        "project": project,
        "dataset": dataset,
        "rules": len(dataset.contract) if dataset else 0,
        "connected": connected,
        "may_create": project is not None and allows(request.user, project, "datasets.create"),
        "may_demo": demo.may_open(request.user),
    }


def _with_counts(datasets: list[Dataset]) -> list[dict[str, Any]]:
    """Each dataset with its kept counters: {"dataset", "pending", "flagged", "errors", "done"}."""
    counts: dict[Any, dict[tuple[str, str], int]] = defaultdict(dict)
    rows = DatasetCount.objects.filter(Q(kind="status") | Q(kind="worst"), dataset__in=datasets)
    for dataset_id, kind, key, n in rows.values_list("dataset_id", "kind", "key", "n"):
        counts[dataset_id][kind, key] = n
    found = []
    for dataset in datasets:
        of = counts[dataset.pk]
        pending = of.get(("status", "pending"), 0)
        errors = of.get(("worst", "error"), 0)
        total = dataset.samples_total
        found.append(
            {
                "dataset": dataset,
                "pending": pending,
                "flagged": of.get(("status", "flagged"), 0),
                "errors": errors,
                "share": 1 - pending / total if total else 0.0,
            }
        )
    return found


def _waiting(request: PersonRequest, project: Project) -> dict[str, Any]:
    """Imports and jobs that somebody should look at."""
    since = timezone.now() - RECENT
    uploads = Upload.objects.visible_to(request.user).filter(dataset__project=project).select_related("dataset")
    running = Q(state__in=(UploadState.WAITING, UploadState.RUNNING))
    rejected = Q(rows_rejected__gt=0) | Q(state=UploadState.FAILED)
    jobs = Job.objects.visible_to(request.user).filter(project=project).select_related("connection")
    jobs = jobs.defer("connection__credential")
    return {
        "uploads": list(uploads.filter(running | rejected, created_at__gte=since)[:8]),
        "live_jobs": list(jobs.filter(state__in=lifecycle.LIVE)[:8]),
        "failed_jobs": list(jobs.filter(state=lifecycle.FAILED, finished_at__gte=since)[:5]),
        "done_jobs": list(jobs.filter(state=lifecycle.SUCCEEDED, finished_at__gte=since)[:5]),
        "drafts": list(jobs.filter(state=lifecycle.DRAFT, created_by=request.user)[:5]),
    }

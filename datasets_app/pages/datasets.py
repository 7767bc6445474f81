"""Datasets: the list, the form with the contract, and the page where the work on one begins."""

from __future__ import annotations

from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from datasets_app.models import Dataset
from datasets_app.services import datasets
from ftstudio.accounts.policy import allows, require
from ftstudio.errors import NotAllowed
from ftstudio.web.current import current_project, stay_in
from ftstudio.web.render import part_of, render_page
from ftstudio.web.requests import PersonRequest

from .dataset_view import dataset_context, dataset_rows
from .forms import DatasetForm
from .landing import landing_on, status_of
from .trial_view import untried


@login_required
@require_safe
def index(request: PersonRequest) -> HttpResponse:
    """The datasets of the current project. The search of the header arrives here with `q`."""
    project = current_project(request)
    context = {
        "project": project,
        "datasets": dataset_rows(project, request.user) if project else [],
        "may_create": project is not None and allows(request.user, project, "datasets.create"),
        "query": request.GET.get("q", "")[:200],
    }
    return render_page(request, "datasets/list.html", context)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def create(request: PersonRequest) -> HttpResponse:
    """A new dataset in the current project."""
    project = current_project(request)
    if project is None:
        raise NotAllowed(_("You belong to no project yet."))
    require(request.user, project, "datasets.create")
    form = DatasetForm(request.POST or None, initial={"profile": "local"})
    if request.method == "POST" and form.is_valid():
        with landing_on(form):
            dataset = datasets.create(project=project, actor=request.user, **form.changes)
            return redirect("pages:dataset-detail", dataset.pk)
    return render_page(
        request, "datasets/form.html", {"form": form, "dataset": None, **untried()}, status=status_of(form)
    )


@login_required
@require_safe
def detail(request: PersonRequest, pk: UUID) -> HttpResponse:
    """One dataset: what its answers break, its samples as filtered by the address, its files and snapshots."""
    dataset = get_object_or_404(Dataset.objects.visible_to(request.user).select_related("project"), pk=pk)
    stay_in(request, dataset.project_id)
    asked = part_of(request)
    context = dataset_context(request, dataset, asked)
    answer = render_page(request, "datasets/detail.html", context)
    if asked in ("uploads", "snapshots") and not context[f"{asked}_live"]:
        answer["HX-Refresh"] = "true"  # the work has ended: what it changed stands all over the page
    return answer


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def update(request: PersonRequest, pk: UUID) -> HttpResponse:
    """The contract, the guideline and the rest of the settings."""
    dataset = get_object_or_404(Dataset.objects.visible_to(request.user).select_related("project"), pk=pk)
    form = DatasetForm(request.POST or None, dataset=dataset)
    if request.method == "POST" and form.is_valid():
        with landing_on(form):
            datasets.update(dataset=dataset, actor=request.user, **form.changes)
            return redirect("pages:dataset-detail", dataset.pk)
    return render_page(
        request, "datasets/form.html", {"form": form, "dataset": dataset, **untried()}, status=status_of(form)
    )

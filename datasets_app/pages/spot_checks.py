"""Spot checks: draw samples at random, go through them by key, and read what they say about all."""

from __future__ import annotations

from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from datasets_app.models import Dataset, SpotCheck, SpotCheckEntry
from datasets_app.services import browse, spot_checks
from ftstudio.accounts.policy import allows, require
from ftstudio.web.render import render_page
from ftstudio.web.requests import PersonRequest

from .filter_view import chips_of
from .landing import landing_on, status_of
from .previews import preview_context
from .queue import query_of, queue_of
from .view_forms import SpotCheckForm

LISTED = 50


@login_required
@require_safe
def index(request: PersonRequest, pk: UUID) -> HttpResponse:
    """The dataset's spot checks, the newest first."""
    dataset = get_object_or_404(Dataset.objects.visible_to(request.user), pk=pk)
    checks = dataset.spot_checks.select_related("by")[:LISTED]
    context = {
        "dataset": dataset,
        "checks": [
            {"check": check, "estimate": spot_checks.estimate(check), "chips": _chips(check)} for check in checks
        ],
        "may_check": allows(request.user, dataset.project_id, "spot_checks.create"),
    }
    return render_page(request, "spot_checks/list.html", context)


def _chips(check: SpotCheck) -> list[dict[str, str]]:
    return chips_of(check.dataset, browse.Filters.parse(check.filter))


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def create(request: PersonRequest, pk: UUID) -> HttpResponse:
    """Draw from the part of the list that is in the address."""
    dataset = get_object_or_404(Dataset.objects.visible_to(request.user), pk=pk)
    require(request.user, dataset.project_id, "spot_checks.create")
    filters = queue_of(request)
    form = SpotCheckForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        with landing_on(form):
            check = spot_checks.draw(actor=request.user, dataset=dataset, filter=filters.chosen(), **form.cleaned_data)
            return redirect("pages:spot-check-detail", check.pk)
    context = {
        "dataset": dataset, "form": form, "chips": chips_of(dataset, filters), "query": query_of(filters),
        "count": browse.count(dataset=dataset, filters=filters), "most": browse.COUNTED,
    }  # fmt: skip
    return render_page(request, "spot_checks/create.html", context, status=status_of(form))


@login_required
@require_safe
def detail(request: PersonRequest, pk: UUID) -> HttpResponse:
    """The next sample to look at (`n` in the address: that one), and what has been found so far."""
    rows = SpotCheck.objects.visible_to(request.user).select_related("dataset__project", "by")
    check = get_object_or_404(rows, pk=pk)
    asked = request.GET.get("n", "")
    entries = list(check.entries.select_related("sample", "by").order_by("number"))
    number = int(asked) if asked.isdecimal() and len(asked) < 6 else 0
    entry = entries[number - 1] if 0 < number <= len(entries) else spot_checks.following(check)
    if entry:
        entry.sample.dataset = check.dataset
    context = {
        "check": check,
        "dataset": check.dataset,
        "chips": _chips(check),
        "estimate": spot_checks.estimate(check),
        "entries": entries,
        "entry": entry,
        "before": entry.number - 1 if entry and entry.number > 1 else 0,
        "after": entry.number + 1 if entry and entry.number < len(entries) else 0,
        "may_check": allows(request.user, check.dataset.project_id, "spot_checks.create"),
        **(preview_context(entry.sample, request.user) if entry else {}),
    }
    return render_page(request, "spot_checks/detail.html", context)


@login_required
@require_POST
def judge(request: PersonRequest, pk: UUID, number: int) -> HttpResponse:
    """Right, wrong, or not judged after all; then the next sample."""
    rows = SpotCheckEntry.objects.visible_to(request.user).select_related("spot_check__dataset")
    entry = get_object_or_404(rows, spot_check=pk, number=number)
    right = {"yes": True, "no": False}.get(request.POST.get("right", ""))
    spot_checks.judge(actor=request.user, entry=entry, right=right, note=request.POST.get("note", ""))
    following = spot_checks.following(entry.spot_check, number) if right is not None else entry
    place = f"?n={following.number}" if following else ""
    return redirect(reverse("pages:spot-check-detail", args=[pk]) + place)

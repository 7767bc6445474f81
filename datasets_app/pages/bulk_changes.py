"""Bulk changes: asked for, looked at as diffs, applied, undone."""

from __future__ import annotations

from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from datasets_app.models import BulkChange, BulkChangeEntry, Dataset
from datasets_app.models.bulk_change import BulkState
from datasets_app.pipeline.bulk_kinds.base import Kind
from datasets_app.services import browse, bulk_changes, datasets
from ftstudio.accounts.policy import allows, require
from ftstudio.web.render import render_page
from ftstudio.web.requests import PersonRequest
from ftstudio.web.texts import from_row, say

from .bulk_forms import PREFIX, BulkForm
from .bulk_view import heading, progress, shown, tabs, totals
from .filter_view import chips_of
from .landing import landing_on, status_of
from .queue import query_of, queue_of

LISTED = 50


@login_required
@require_safe
def index(request: PersonRequest, pk: UUID) -> HttpResponse:
    """The dataset's newest bulk changes."""
    dataset = get_object_or_404(Dataset.objects.visible_to(request.user), pk=pk)
    rows = dataset.bulk_changes.select_related("created_by")[:LISTED]
    context = {
        "dataset": dataset,
        "changes": [{"change": row, "heading": heading(row)} for row in rows],
        "may_prepare": allows(request.user, dataset.project_id, "bulk_changes.prepare"),
    }
    return render_page(request, "bulk_changes/list.html", context)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def create(request: PersonRequest, pk: UUID) -> HttpResponse:
    """Ask for a bulk change of the part of the list that is in the address; a worker prepares the preview."""
    dataset = get_object_or_404(Dataset.objects.visible_to(request.user), pk=pk)
    require(request.user, dataset.project_id, "bulk_changes.prepare")
    kinds = bulk_changes.KINDS
    filters = queue_of(request)
    name = request.GET.get("kind") or ("restore" if filters.asks_for_trash else "fix")
    if name not in kinds:
        raise Http404
    found = datasets.counts(dataset)["rule"]
    asked = {key: request.GET.getlist(f"{PREFIX}-{key}") for key in ("rules", "rule")}
    initial = {"rules": asked["rules"] or [filters.rule], "rule": next(iter(asked["rule"]), filters.rule)}
    form = BulkForm(request.POST or None, kind=kinds[name], dataset=dataset, found=found, initial=initial)
    if request.method == "POST" and form.is_valid():
        with landing_on(form):
            change = bulk_changes.prepare(
                actor=request.user, dataset=dataset, kind=name, what=form.what, filter=filters.chosen()
            )
            return redirect("pages:bulk-change-detail", change.pk)
    context = {
        "dataset": dataset,
        "form": form,
        "kind": kinds[name],
        "kinds": [
            {"kind": kind, "url": query_of(filters, kind=kind.name)}
            for kind in sorted(kinds.values(), key=_order)
            if kind.offered(dataset) and kind.within(browse.Filters()).asks_for_trash == filters.asks_for_trash
        ],
        "chips": chips_of(dataset, filters),
        "total": browse.total(dataset=dataset, filters=filters),
        "query": query_of(filters, kind=name),
    }
    return render_page(request, "bulk_changes/create.html", context, status=status_of(form))


def _order(kind: Kind) -> int:
    return kind.order


def _change(request: PersonRequest, pk: UUID) -> BulkChange:
    rows = BulkChange.objects.visible_to(request.user).select_related(
        "dataset", "created_by", "applied_by", "undone_by"
    )
    return get_object_or_404(rows, pk=pk)


@login_required
@require_safe
def detail(request: PersonRequest, pk: UUID) -> HttpResponse:
    """What would change, or did, sample by sample; and the buttons that its state allows."""
    change = _change(request, pk)
    state = request.GET.get("state", "")
    page = bulk_changes.entries(change=change, cursor=request.GET.get("cursor", ""), state=state)
    may = allows(request.user, change.dataset.project_id, "bulk_changes.apply")
    waits = may and change.state == BulkState.READY
    page.rows[:] = [shown(entry, may=waits) for entry in page.rows]
    share, spoken = progress(change)
    context = {
        "change": change,
        "dataset": change.dataset,
        "heading": heading(change),
        "chips": chips_of(change.dataset, browse.Filters.parse(change.filter)),
        "totals": totals(change),
        "reason": say(from_row(change.error)) if change.error else "",
        "progress": share,
        "spoken": spoken,
        "kept": change.applied - change.undone,
        "page": page,
        "tabs": tabs(change, state),
        "may": may,
    }
    answer = render_page(request, "bulk_changes/detail.html", context)
    if request.htmx.target == "state" and not change.is_live:
        answer["HX-Refresh"] = "true"  # the work has ended: now there is something to look at
    return answer


@login_required
@require_POST
def apply(request: PersonRequest, pk: UUID) -> HttpResponse:
    """Make the planned changes: of as many samples as the button said."""
    count = request.POST.get("count", "")
    bulk_changes.apply(actor=request.user, change=_change(request, pk), count=int(count) if count.isdecimal() else None)
    return redirect("pages:bulk-change-detail", pk)


@login_required
@require_POST
def undo(request: PersonRequest, pk: UUID) -> HttpResponse:
    """Take all of it back, as one step."""
    bulk_changes.undo(actor=request.user, change=_change(request, pk))
    return redirect("pages:bulk-change-detail", pk)


@login_required
@require_POST
def discard(request: PersonRequest, pk: UUID) -> HttpResponse:
    """Throw the plan away."""
    change = bulk_changes.discard(actor=request.user, change=_change(request, pk))
    return redirect("pages:bulk-change-list", change.dataset_id)


@login_required
@require_POST
def leave_out(request: PersonRequest, pk: UUID, position: int) -> HttpResponse:
    """Leave one sample out of the plan, or take it in again; the list stays where it is."""
    rows = BulkChangeEntry.objects.visible_to(request.user).select_related("change__dataset", "sample")
    entry = get_object_or_404(rows, change=pk, position=position)
    bulk_changes.leave_out(actor=request.user, entry=entry, left=request.POST.get("left") == "1")
    if request.htmx:
        context = {"row": shown(entry, may=True), "change": entry.change, "totals": totals(entry.change), "fresh": True}
        return render_page(request, "bulk_changes/_entry.html", context, part="answer")
    return redirect(f"{reverse('pages:bulk-change-detail', args=[pk])}#entry-{position}")

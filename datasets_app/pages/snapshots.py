"""Snapshots: freezing a dataset with a split, and what came out."""

from __future__ import annotations

from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from datasets_app.core import contracts
from datasets_app.models import Dataset, Snapshot
from datasets_app.services import exports, snapshots
from ftstudio.accounts.policy import allows
from ftstudio.web.render import render_page
from ftstudio.web.requests import PersonRequest
from ftstudio.web.texts import from_row, say

from .dataset_view import SIDES, parts_of
from .forms import ExportForm, SnapshotForm
from .landing import landing_on, status_of


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def create(request: PersonRequest, pk: UUID) -> HttpResponse:
    """Freeze the dataset; a worker builds the snapshot."""
    dataset = get_object_or_404(Dataset.objects.visible_to(request.user), pk=pk)
    form = SnapshotForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        with landing_on(form):
            status = form.cleaned_data["status"]
            snapshot = snapshots.freeze(
                actor=request.user, dataset=dataset, shares=form.shares, seed=form.cleaned_data["seed"],
                group_by=form.cleaned_data["group_by"], filter={"status": status} if status else None,
            )  # fmt: skip
            return redirect("pages:snapshot-detail", snapshot.pk)
    return render_page(request, "snapshots/form.html", {"dataset": dataset, "form": form}, status=status_of(form))


def snapshot_of(request: PersonRequest, pk: UUID) -> Snapshot:
    """The snapshot, if the person may see it; else 404."""
    return get_object_or_404(Snapshot.objects.visible_to(request.user).select_related("dataset", "created_by"), pk=pk)


@login_required
@require_safe
def detail(request: PersonRequest, pk: UUID) -> HttpResponse:
    """What is in it, on which side, under which contract, and its exports."""
    snapshot = snapshot_of(request, pk)
    answer = render_page(request, "snapshots/detail.html", snapshot_context(request, snapshot, ExportForm()))
    if request.htmx.target == "state" and snapshot.is_final:
        answer["HX-Refresh"] = "true"  # it is built: now there is an export to be asked for
    return answer


def snapshot_context(request: PersonRequest, snapshot: Snapshot, form: ExportForm) -> dict[str, object]:
    """Everything on the snapshot page; `form` is the export form as sent, when it was refused."""
    names = {"train": _("Train"), "validation": _("Validation"), "test": _("Test")}
    made = list(snapshot.exports.all()[:20])
    return {
        "snapshot": snapshot,
        "dataset": snapshot.dataset,
        "splits": parts_of([(names[side], snapshot.counts.get(side, 0), tone) for side, tone in SIDES]),
        "requirements": contracts.describe(contracts.parse(snapshot.contract)),
        "errors": exports.errors_of(snapshot),
        "exports": made,
        "exports_live": any(not export.is_final for export in made),
        "reason": say(from_row(snapshot.error)) if snapshot.error else "",
        "form": form,
        "may_export": allows(request.user, snapshot.dataset.project_id, "exports.create"),
        "may_waive": allows(request.user, snapshot.dataset.project_id, "exports.waive"),
    }

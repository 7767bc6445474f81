"""Snapshots: freezing a dataset with a split, and what came out."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from datasets_app.core import abilities, contracts
from datasets_app.models import Dataset, LossReport, Snapshot
from datasets_app.services import browse, cards, exports, loss_reports, snapshots, sources
from datasets_app.services.wrong_samples import first_wrong
from ftstudio.accounts.policy import allows, require
from ftstudio.errors import InvalidInput
from ftstudio.web.render import render_page
from ftstudio.web.requests import PersonRequest
from ftstudio.web.texts import from_row, say

from .bars import SIDES, parts_of
from .filter_view import chips_of
from .frozen_words import held
from .landing import landing_on, status_of
from .queue import query_of, queue_of
from .snapshot_forms import ExportForm, SnapshotForm


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def create(request: PersonRequest, pk: UUID) -> HttpResponse:
    """Freeze the part of the list that is in the address, all of it without one; a worker builds the snapshot."""
    dataset = get_object_or_404(Dataset.objects.visible_to(request.user), pk=pk)
    require(request.user, dataset.project_id, "snapshots.freeze")
    filters = queue_of(request)
    form = SnapshotForm(request.POST or None, dataset=dataset, filters=filters)
    if request.method == "POST" and form.is_valid():
        with landing_on(form):
            asked = form.cleaned_data
            snapshot = snapshots.freeze(
                actor=request.user, dataset=dataset, shares=form.shares, seed=asked["seed"],
                group_by=asked["group_by"], stratify_by=asked["stratify_by"], mix=form.mix,
                filter=form.filter,
            )  # fmt: skip
            return redirect("pages:snapshot-detail", snapshot.pk)
    context = {
        "dataset": dataset,
        "form": form,
        "chips": chips_of(dataset, filters),
        "total": browse.total(dataset=dataset, filters=filters) if filters.chosen() else None,
        "query": query_of(filters),
    }
    return render_page(request, "snapshots/form.html", context, status=status_of(form))


def snapshot_of(request: PersonRequest, pk: UUID) -> Snapshot:
    """The snapshot, if the person may see it; else 404."""
    return get_object_or_404(Snapshot.objects.visible_to(request.user).select_related("dataset", "created_by"), pk=pk)


@login_required
@require_safe
def detail(request: PersonRequest, pk: UUID) -> HttpResponse:
    """What is in it, on which side, under which contract, its exports, and what a format would lose of it."""
    snapshot = snapshot_of(request, pk)
    report = _report_asked_for(request, snapshot)
    asked = {name: request.GET[name] for name in ("codec", "split") if name in request.GET}
    form = ExportForm(report=report, initial=asked)
    context = snapshot_context(request, snapshot, form, report)
    answer = render_page(request, "snapshots/detail.html", context)
    if (request.htmx.target == "state" and snapshot.is_final) or (
        request.htmx.target == "losses" and report and report.is_final
    ):
        answer["HX-Refresh"] = "true"  # it is built: now there is an export to be asked for
    return answer


def _mixed_share(snapshot: Snapshot) -> float:
    """What part of training the general samples came to be, which is less than was asked for where they were few."""
    train = snapshot.counts.get("train", 0)
    return snapshot.counts.get("mixed", 0) / train if train else 0.0


def _report_asked_for(request: PersonRequest, snapshot: Snapshot) -> LossReport | None:
    if "codec" not in request.GET:
        return None
    try:
        return loss_reports.find(
            snapshot=snapshot, codec=request.GET["codec"], split=request.GET.get("split", exports.ALL)
        )
    except InvalidInput:
        return None


def snapshot_context(
    request: PersonRequest, snapshot: Snapshot, form: ExportForm, report: LossReport | None = None
) -> dict[str, object]:
    """Everything on the snapshot page; `form` is the export form as sent, when it was refused."""
    names = {"train": _("Train"), "validation": _("Validation"), "test": _("Test")}
    made = list(snapshot.exports.all()[:20])
    return {
        "snapshot": snapshot,
        "dataset": snapshot.dataset,
        "splits": parts_of([(names[side], snapshot.counts.get(side, 0), tone) for side, tone in SIDES]),
        "chips": held(snapshot),
        "mixed_share": _mixed_share(snapshot),
        "warnings": cards.warnings_of(snapshot),
        "came": sources.of_snapshot(snapshot) if snapshot.is_final else [],
        "test_set": snapshot.counts.get("test_set") or {},
        "requirements": contracts.describe(contracts.parse(snapshot.contract)),
        "errors": (errors := exports.errors_of(snapshot)),
        "wrong": first_wrong(snapshot) if errors and form.is_bound else [],
        "exports": made,
        "exports_live": any(not export.is_final for export in made),
        "reason": say(from_row(snapshot.error)) if snapshot.error else "",
        "form": form,
        "amounts": None,
        "shares": (),
        "formats": abilities.groups(),
        "losses": shown_losses(snapshot, report) if report else None,
        "may_export": allows(request.user, snapshot.dataset.project_id, "exports.create"),
        "may_waive": allows(request.user, snapshot.dataset.project_id, "exports.waive"),
    }


def shown_losses(snapshot: Snapshot, report: LossReport) -> dict[str, Any]:
    """The report with the samples that it names, as links, and its refusals as sentences."""
    found = report.report
    wanted = {at for line in found.get("fields", []) for at in line["positions"]}
    # What stays out for its fields alone has been said with the fields; here is who stays out for another reason.
    known = {line["field"] for line in found.get("fields", [])}
    refusals = [row for row in found.get("refusals", []) if not known.issuperset(row["fields"]) or not row["fields"]]
    wanted |= {row["position"] for row in refusals}
    samples = dict(snapshot.entries.filter(position__in=wanted).values_list("position", "sample_id"))
    return {
        "report": report,
        "error": say(from_row(report.error)) if report.error else "",
        "lines": [
            {**line, "links": [(at, samples.get(at)) for at in line["positions"][:8]]}
            for line in found.get("fields", [])
        ],
        "refusals": [
            {"position": row["position"], "sample": samples.get(row["position"]), "text": say(from_row(row["reason"]))}
            for row in refusals[:8]
        ],
        "total": sum(snapshot.counts.get(side, 0) for side, _tone in SIDES if report.split in (exports.ALL, side)),
    }


@login_required
@require_safe
def card(request: PersonRequest, pk: UUID) -> HttpResponse:
    """What somebody must know of the set before training on it or handing it on."""
    snapshot = snapshot_of(request, pk)
    names = {"train": _("Train"), "validation": _("Validation"), "test": _("Test")}
    made = cards.card_of(snapshot)
    context = {
        "snapshot": snapshot,
        "dataset": snapshot.dataset,
        "card": made,
        "chips": held(snapshot),
        "splits": parts_of([(names[side], made["sides"][side], tone) for side, tone in SIDES]),
        "slices": _shown_slices(made["test_set"]),
    }
    return render_page(request, "snapshots/card.html", context)


def _shown_slices(test_set: dict[str, Any] | None) -> list[dict[str, Any]]:
    words = {
        ("all", ""): _("All cases"), ("codes", "seen"): _("Codes that training has"),
        ("codes", "unseen"): _("Codes that training lacks"), ("label", "seen"): _("Labels that training has"),
        ("label", "unseen"): _("Labels that training lacks"),
    }  # fmt: skip
    found = test_set["slices"] if test_set else []
    return [
        {**one, "title": words.get((one["kind"], one["name"]), one["name"]),
         "share": one["passed"] / one["cases"] if one["cases"] else 0.0,
         "keeping": [{"rule": rule, "share": line["passed"] / one["cases"], "interval": line["interval"]}
                     for rule, line in one["rules"].items() if one["cases"]]}
        for one in found
    ]  # fmt: skip


@login_required
@require_safe
def card_file(request: PersonRequest, pk: UUID) -> JsonResponse:
    """The card as a JSON file."""
    snapshot = snapshot_of(request, pk)
    answer = JsonResponse(cards.card_of(snapshot), json_dumps_params={"ensure_ascii": False, "indent": 2})
    answer["Content-Disposition"] = f'attachment; filename="card-v{snapshot.number}.json"'
    return answer

"""Exports: a snapshot as a file, its manifest, and the download."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import FileResponse, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from datasets_app.models import Export
from datasets_app.services import exports, loss_reports
from ftstudio.web.render import render_page
from ftstudio.web.requests import PersonRequest
from ftstudio.web.texts import from_row, say

from .landing import landing_on, status_of
from .snapshot_forms import ExportForm
from .snapshots import snapshot_context, snapshot_of

LEFT_OUT = 8  # samples that a file lacks, on the page; the manifest names more


@login_required
@require_POST
def create(request: PersonRequest, pk: UUID) -> HttpResponse:
    """Have the snapshot written; errors stand in the way unless a reason is given."""
    snapshot = snapshot_of(request, pk)
    form = ExportForm(request.POST)
    if form.is_valid():
        reason = form.cleaned_data["reason"].strip()
        with landing_on(form):
            export = exports.create(
                actor=request.user, snapshot=snapshot, codec=form.cleaned_data["codec"],
                split=form.cleaned_data["split"], options=form.options,
                waive={"reason": reason} if reason else None,
            )  # fmt: skip
            return redirect("pages:export-detail", export.pk)
    context = snapshot_context(request, snapshot, form)
    return render_page(request, "snapshots/detail.html", context, status=status_of(form))


@login_required
@require_POST
def examine(request: PersonRequest, pk: UUID) -> HttpResponse:
    """Have it found out what the format would lose, before anything is exported."""
    snapshot = snapshot_of(request, pk)
    form = ExportForm(request.POST)
    with landing_on(form):
        report = loss_reports.request(
            actor=request.user, snapshot=snapshot, codec=request.POST.get("codec", ""),
            split=request.POST.get("split", exports.ALL),
        )  # fmt: skip
        query = urlencode({"codec": report.codec, "split": report.split})
        return redirect(f"{reverse('pages:snapshot-detail', args=[snapshot.pk])}?{query}#losses")
    context = snapshot_context(request, snapshot, form)
    return render_page(request, "snapshots/detail.html", context, status=status_of(form))


def _export(request: PersonRequest, pk: UUID) -> Export:
    return get_object_or_404(
        Export.objects.visible_to(request.user).select_related("snapshot__dataset", "created_by"), pk=pk
    )


@login_required
@require_safe
def detail(request: PersonRequest, pk: UUID) -> HttpResponse:
    """How far the writing came, then the file with its manifest."""
    export = _export(request, pk)
    total = sum(
        export.snapshot.counts.get(side, 0) for side in ("train", "validation", "test") if export.split in ("all", side)
    )
    context = {
        "export": export,
        "snapshot": export.snapshot,
        "dataset": export.snapshot.dataset,
        "manifest": json.dumps(export.manifest, ensure_ascii=False, indent=2) if export.manifest else "",
        "reason": say(from_row(export.error)) if export.error else "",
        "waivers": export.manifest.get("waivers", export.waivers),
        "figures": figures_of(export.manifest),
        "left_out": _left_out(export),
        "total": total,
        "progress": min(1.0, export.rows_written / total) if total else 0.0,
    }
    return render_page(request, "exports/detail.html", context)


def _left_out(export: Export) -> dict[str, Any]:
    """How many samples the file lacks, the first of them with the reason, and where more may be let go."""
    refused = export.manifest.get("refused", {})
    query = urlencode({"codec": export.codec, "split": export.split})
    return {
        "n": refused.get("rows", 0),
        "listed": [
            {"position": one["position"], "reason": say(from_row(one["reason"]))}
            for one in refused.get("listed", [])[:LEFT_OUT]
        ],
        "more": refused.get("rows", 0) > LEFT_OUT,
        "url": f"{reverse('pages:snapshot-detail', args=[export.snapshot_id])}?{query}#losses",
    }


def figures_of(manifest: dict[str, Any]) -> list[tuple[str, int, int]]:
    """What the manifest counts, in words, and how many were asked for where there were fewer, else 0.

    Lines in which both are 0 are left out.
    """
    pictures, contrast = manifest.get("pictures", {}), manifest.get("contrast", {})
    negatives = manifest.get("negatives") or {}
    rows = [
        (_("Bytes as they were imported"), manifest.get("as_imported", 0), 0),
        (_("Written anew"), sum(manifest.get("rewritten", {}).values()), 0),
        (_("Contrast rows"), contrast.get("rows", 0), contrast.get("wanted", 0)),
        (_("Negatives"), negatives.get("rows", 0), negatives.get("wanted", 0)),
        (_("Negatives left out"), negatives.get("left_out", 0), 0),
        (_("Written with a loss"), manifest.get("reduced", {}).get("rows", 0), 0),
        (_("Not written"), manifest.get("refused", {}).get("rows", 0), 0),
        (_("Pictures beside the rows"), pictures.get("files", 0), 0),
        (_("Pictures inside the rows"), pictures.get("embedded", 0), 0),
    ]
    return [(name, n, wanted if wanted > n else 0) for name, n, wanted in rows if n or wanted]


@login_required
@require_safe
def file(request: PersonRequest, pk: UUID) -> FileResponse:
    """The file, always as an attachment."""
    export = _export(request, pk)
    answer = FileResponse(
        exports.file_of(export),
        as_attachment=True,
        filename=exports.name_of(export),
        content_type=exports.content_type_of(export),
    )
    answer["X-Content-Type-Options"] = "nosniff"
    return answer

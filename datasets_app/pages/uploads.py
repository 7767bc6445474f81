"""Uploads: taking a file, watching it being read, and what could not be used of it."""

from __future__ import annotations

from itertools import islice
from typing import Any
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from datasets_app.models import Dataset, Upload
from datasets_app.services import uploads
from ftstudio.accounts.policy import allows
from ftstudio.web.render import render_page
from ftstudio.web.requests import PersonRequest
from ftstudio.web.texts import from_row, say

from .dataset_view import shown_upload
from .forms import UploadForm
from .landing import landing_on, status_of

SHOWN = 50  # rejected lines on the page; the download holds all of them
EXCERPT = 240  # bytes of a rejected line that are shown


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def create(request: PersonRequest, pk: UUID) -> HttpResponse:
    """Take a file in; a worker reads it."""
    dataset = get_object_or_404(Dataset.objects.visible_to(request.user), pk=pk)
    form = UploadForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        file = form.cleaned_data["file"]
        with landing_on(form):
            upload = uploads.receive(
                actor=request.user, dataset=dataset, file=file, name=file.name,
                format=form.cleaned_data["format"], again=form.cleaned_data["again"],
            )  # fmt: skip
            return redirect("pages:upload-detail", upload.pk)
    context = {
        "dataset": dataset,
        "upload_form": form,
        "repeated": getattr(getattr(form, "conflict", None), "code", "") == "already_imported",
    }
    return render_page(request, "uploads/form.html", context, status=status_of(form))


def _upload(request: PersonRequest, pk: UUID) -> Upload:
    return get_object_or_404(Upload.objects.visible_to(request.user).select_related("dataset", "created_by"), pk=pk)


@login_required
@require_safe
def detail(request: PersonRequest, pk: UUID) -> HttpResponse:
    """How far the import came, and the first lines that became no sample."""
    upload = shown_upload(_upload(request, pk))
    context = {
        "upload": upload,
        "dataset": upload.dataset,
        "rejected": _rejected(upload) if upload.rows_rejected else [],
        "reason": say(from_row(upload.error)) if upload.error else "",
        "may_cancel": not upload.is_final and allows(request.user, upload.dataset.project_id, "uploads.cancel"),
    }
    return render_page(request, "uploads/detail.html", context)


def _rejected(upload: Upload) -> list[dict[str, Any]]:
    rows = []
    with upload.file.open("rb") as stream:
        for row in islice(upload.rejected.order_by("line"), SHOWN):
            stream.seek(row.offset)
            raw = stream.read(min(row.length, EXCERPT)).decode("utf-8", "backslashreplace").rstrip("\r\n")
            rows.append({"row": row, "reason": say(from_row(row.message)), "raw": raw, "cut": row.length > EXCERPT})
    return rows


@login_required
@require_POST
def cancel(request: PersonRequest, pk: UUID) -> HttpResponse:
    """Stop the import; what is in stays in."""
    uploads.cancel(actor=request.user, upload=_upload(request, pk))
    return redirect("pages:upload-detail", pk)


@login_required
@require_safe
def rejected(request: PersonRequest, pk: UUID) -> StreamingHttpResponse:
    """Every rejected line as JSONL: `line`, `error`, `raw`."""
    upload = _upload(request, pk)
    answer = StreamingHttpResponse(uploads.rejected_lines(upload), content_type="application/x-ndjson")
    answer["Content-Disposition"] = f'attachment; filename="rejected-{upload.pk}.jsonl"'
    answer["X-Content-Type-Options"] = "nosniff"
    return answer

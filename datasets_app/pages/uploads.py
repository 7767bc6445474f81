"""Uploads: taking a file, looking at what it would become, watching it being read, and what could not be used."""

from __future__ import annotations

from itertools import islice
from typing import Any
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from datasets_app.models import Dataset, Upload
from datasets_app.models.upload import UploadState
from datasets_app.services import uploads
from datasets_app.services.uploads import Look
from ftstudio.accounts.policy import allows
from ftstudio.errors import Conflict, InvalidInput
from ftstudio.web.render import render_page
from ftstudio.web.requests import PersonRequest
from ftstudio.web.texts import from_row, say

from .dataset_view import shown_upload
from .forms import UploadForm
from .landing import landing_on, status_of
from .review import review_context, review_form, spread_of
from .review_form import ReviewForm
from .several_uploads import Received, receive_all

SHOWN = 50  # rejected lines on the page; the download holds all of them
EXCERPT = 240  # bytes of a rejected line that are shown


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def create(request: PersonRequest, pk: UUID) -> HttpResponse:
    """Take a file in, or several; each waits on its own page until somebody has looked at it."""
    dataset = get_object_or_404(Dataset.objects.visible_to(request.user), pk=pk)
    form = UploadForm(request.POST or None, request.FILES or None)
    received: list[Received] = []
    if request.method == "POST" and form.is_valid():
        file, *others = form.cleaned_data["file"]
        if others:
            received = receive_all(
                actor=request.user, dataset=dataset, files=[file, *others], format=form.cleaned_data["format"]
            )
            form = UploadForm()
        else:
            with landing_on(form):
                upload = uploads.receive(
                    actor=request.user, dataset=dataset, file=file, name=file.name,
                    format=form.cleaned_data["format"], again=form.cleaned_data["again"], hold=True,
                )  # fmt: skip
                return redirect("pages:upload-detail", upload.pk)
    context = {
        "dataset": dataset,
        "upload_form": form,
        "received": received,
        "repeated": getattr(getattr(form, "conflict", None), "code", "") == "already_imported",
    }
    refused = received and not any(one.upload for one in received)
    return render_page(request, "uploads/form.html", context, status=422 if refused else status_of(form))


def _upload(request: PersonRequest, pk: UUID) -> Upload:
    return get_object_or_404(Upload.objects.visible_to(request.user).select_related("dataset", "created_by"), pk=pk)


@login_required
@require_safe
def detail(request: PersonRequest, pk: UUID) -> HttpResponse:
    """What a held file would become; of another how far the import came, and the first lines that became no sample."""
    upload = shown_upload(_upload(request, pk))
    if upload.state == UploadState.HELD:
        return _review(request, upload, *review_form(upload))
    context = {
        "upload": upload,
        "dataset": upload.dataset,
        "rejected": _rejected(upload) if upload.rows_rejected else [],
        "reason": say(from_row(upload.error)) if upload.error else "",
        "spread": spread_of(upload),
        "may_cancel": not upload.is_final and allows(request.user, upload.dataset.project_id, "uploads.cancel"),
    }
    return render_page(request, "uploads/detail.html", context)


def _rejected(upload: Upload) -> list[dict[str, Any]]:
    shown = islice(upload.rejected.order_by("line"), SHOWN)
    return [
        {"row": row, "reason": say(from_row(row.message)), "raw": raw, "cut": cut}
        for row, raw, cut in uploads.excerpts(upload, shown, EXCERPT)
    ]


def _review(request: PersonRequest, upload: Upload, form: ReviewForm, seen: Look) -> HttpResponse:
    """The page of a held file; where it looks again by itself only the result, and what is wrong is no error yet."""
    context = review_context(upload, request.user, form, seen)
    status = 200 if request.htmx else status_of(form)
    return render_page(request, "uploads/review.html", context, part="result", status=status)


def _told(request: PersonRequest, upload: Upload) -> HttpResponse | None:
    """Store what the page says of the file; an answer only where that cannot be, or is not all that must be said."""
    if upload.state != UploadState.HELD:
        uploads.update(actor=request.user, upload=upload)  # refuses
    form, seen = review_form(upload, request.POST)
    if form.is_valid():
        try:
            uploads.update(actor=request.user, upload=upload, **form.options)
        except InvalidInput as error:
            form.refuse(error.fields)
        else:
            return _review(request, upload, form, uploads.look(upload)) if form.unfinished else None
    return _review(request, upload, form, seen)


@login_required
@require_POST
def update(request: PersonRequest, pk: UUID) -> HttpResponse:
    """Say how a held file is read and what is taken of it; the page shows what becomes of it then."""
    upload = _upload(request, pk)
    answer = _told(request, upload)
    if answer or not request.htmx:
        return answer or redirect("pages:upload-detail", pk)
    return _review(request, upload, *review_form(upload))


@login_required
@require_POST
def start(request: PersonRequest, pk: UUID) -> HttpResponse:
    """Have a held file imported, as its page says."""
    upload = _upload(request, pk)
    answer = _told(request, upload)
    if answer:
        return answer
    form, seen = review_form(upload)
    try:
        uploads.start(actor=request.user, upload=upload, again="again" in request.POST)
    except (InvalidInput, Conflict) as error:
        if upload.state != UploadState.HELD or error.code == "not_held":
            raise
        form.refuse_all(error)
        return _review(request, upload, form, seen)
    return redirect("pages:upload-detail", pk)


@login_required
@require_POST
def cancel(request: PersonRequest, pk: UUID) -> HttpResponse:
    """Stop the import, or discard a held file; what is in stays in."""
    upload = _upload(request, pk)
    held = upload.state == UploadState.HELD
    uploads.cancel(actor=request.user, upload=upload)
    return redirect("pages:dataset-detail", upload.dataset_id) if held else redirect("pages:upload-detail", pk)


@login_required
@require_safe
def rejected(request: PersonRequest, pk: UUID) -> StreamingHttpResponse:
    """Every rejected line as JSONL: `line`, `error`, `raw`."""
    upload = _upload(request, pk)
    answer = StreamingHttpResponse(uploads.rejected_lines(upload), content_type="application/x-ndjson")
    answer["Content-Disposition"] = f'attachment; filename="rejected-{upload.pk}.jsonl"'
    answer["X-Content-Type-Options"] = "nosniff"
    return answer

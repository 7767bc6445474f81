"""Everything that happened to a job, on one page: what its provider reported, how it moved, what people did."""

from __future__ import annotations

import json
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_safe

from ftstudio.web.render import render_page
from ftstudio.web.requests import PersonRequest
from jobs_app.services import timelines
from jobs_app.services.timelines import Wanted

from .jobs import found


@login_required
@require_safe
def job_timeline(request: PersonRequest, pk: UUID) -> HttpResponse:
    job = found(request, pk)
    wanted, cursor = Wanted.of(request.GET), request.GET.get("cursor", "")
    entries, later = timelines.page(job, wanted, cursor)
    context = {
        "job": job,
        "entries": entries,
        "later": later,
        "is_first": not cursor,
        "wanted": wanted,
        "counts": timelines.counts(job),
        "sources": timelines.SOURCES,
    }
    return render_page(request, "jobs/timeline.html", context)


@login_required
@require_safe
def job_event(request: PersonRequest, pk: UUID, event: int) -> HttpResponse:
    """One event's payload, as the provider sent it."""
    job = found(request, pk)
    row = get_object_or_404(job.events, pk=event)
    return render_page(request, "jobs/event.html", {"job": job, "event": row, "raw": timelines.raw_of(row)})


@login_required
@require_safe
def job_raw(request: PersonRequest, pk: UUID) -> HttpResponse:
    """The provider's last answer about the job."""
    job = found(request, pk)
    return render_page(request, "jobs/event.html", {"job": job, "event": None, "raw": timelines.last_answer(job)})


@login_required
@require_safe
def job_timeline_file(request: PersonRequest, pk: UUID) -> StreamingHttpResponse:
    """The whole timeline as JSON Lines, oldest first, streamed."""
    job = found(request, pk)
    lines = (json.dumps(line, ensure_ascii=False).encode() + b"\n" for line in timelines.everything(job))
    answer = StreamingHttpResponse(lines, content_type="application/x-ndjson")
    answer["Content-Disposition"] = f'attachment; filename="job-{job.pk}.jsonl"'
    return answer

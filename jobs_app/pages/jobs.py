"""A job in the browser: its draft on one resumable page, its progress, and what a person may ask of it."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_POST, require_safe

from ftstudio.accounts.policy import allows
from ftstudio.web.render import render_page
from ftstudio.web.requests import PersonRequest
from jobs_app.core import lifecycle
from jobs_app.core.charts import View
from jobs_app.core.preflight_facts import QUESTIONS
from jobs_app.models import Job
from jobs_app.providers import PROVIDERS
from jobs_app.services import jobs, readings

from . import checkpoints_shown, curves, making, progress
from .calling import call_of
from .verdict_shown import judged
from .waiting import waiting_of

EVENTS = 200


def found(request: PersonRequest, pk: UUID) -> Job:
    rows = Job.objects.visible_to(request.user).select_related(
        "connection", "snapshot__dataset", "project", "parent", "created_by"
    )
    return get_object_or_404(rows, pk=pk)


@login_required
@require_safe
def job_detail(request: PersonRequest, pk: UUID) -> HttpResponse:
    job = found(request, pk)
    if job.is_draft:
        return redirect("pages:job-update", pk)
    return render_page(request, "jobs/detail.html", _detail(request, job))


@login_required
@require_safe
def job_metrics(request: PersonRequest, pk: UUID) -> JsonResponse:
    """The curves as data for the live chart: `{"train": [[step, loss], …], "valid": […], "panels": […], "final"}`."""
    job = found(request, pk)
    reading = readings.of_job(job)

    def plain(line: curves.Line) -> list[list[float | None]]:
        return [[step, value if math.isfinite(value) else None] for step, value in line]

    return JsonResponse(
        {
            "train": plain(reading.train),
            "valid": plain(reading.valid),
            "panels": curves.live(reading, View.parse(request.GET)),
            "final": job.is_final,
        }
    )


@login_required
@require_POST
def job_cancel(request: PersonRequest, pk: UUID) -> HttpResponse:
    return _steer(request, pk, jobs.cancel)


@login_required
@require_POST
def job_pause(request: PersonRequest, pk: UUID) -> HttpResponse:
    return _steer(request, pk, jobs.pause)


@login_required
@require_POST
def job_resume(request: PersonRequest, pk: UUID) -> HttpResponse:
    return _steer(request, pk, jobs.resume)


@login_required
@require_POST
def job_clone(request: PersonRequest, pk: UUID) -> HttpResponse:
    asked = dict.fromkeys(QUESTIONS, False)  # a person in front of a page is asked, whatever the parent was
    twin = jobs.clone(actor=request.user, job=found(request, pk), answers=asked)
    return go(request, "pages:job-update", twin.pk)


def _steer(request: PersonRequest, pk: UUID, verb: Callable[..., Job]) -> HttpResponse:
    verb(actor=request.user, job=found(request, pk))
    return go(request, "pages:job-detail", pk)


def go(request: PersonRequest, view: str, pk: UUID) -> HttpResponse:
    """Lead on to a page; htmx is told to load it as a whole."""
    answer = redirect(view, pk)
    if getattr(request, "htmx", None) and isinstance(answer, HttpResponseRedirect):
        return HttpResponse(headers={"HX-Redirect": answer.url})
    return answer


def _detail(request: PersonRequest, job: Job) -> dict[str, Any]:
    reading, view = readings.of_job(job), View.parse(request.GET)
    checkpoints = checkpoints_shown.checkpoints_of(reading)
    verbs = {verb for verb in lifecycle.verbs(job.state) if verb != "clone" and _may(request, job, verb)}
    provider = PROVIDERS.get(job.connection.kind)
    verbs -= {verb for verb in ("pause", "resume") if provider is None or not provider.can(verb)}
    return {
        "job": job,
        "model": job.model_versions.filter(checkpoint=None).first(),
        "stations": progress.stations(job, list(job.moves.select_related("actor"))),
        "checkpoints": checkpoints,
        "best": checkpoints_shown.preferred(checkpoints, reading),
        "measured": checkpoints_shown.measured_of(reading),
        "may_measure": job.is_final and allows(request.user, job.project_id, "evaluations.create"),
        "may_register": allows(request.user, job.project_id, "models.register"),
        "reading": reading,
        "curves": curves.drawn(reading, view),
        "controls": curves.controls(view, can=curves.axes_of(reading)),
        "query": view.query(),
        "axis_word": curves.axis_word(reading, view),
        **judged(reading),
        "comparison": progress.comparison(job),
        "rows_text": progress.rows_text(job),
        "recipe": progress.recipe_of(job),
        "call": call_of(job.connection, job.result_model, job.contract, base_model=job.base_model)
        if job.result_model
        else None,
        "events": list(job.events.order_by("-at", "-id")[:EVENTS]),
        "events_total": job.events.count(),
        "verbs": verbs,
        "may_cancel_again": jobs.may_cancel_again(job) and _may(request, job, "cancel"),
        "unknown_word": "" if provider is None or job.raw_state in provider.states else job.raw_state,
        "may_clone": allows(request.user, job.project_id, "jobs.create"),
        **waiting_of(request, job),
        **making.acts_of(request, job),
    }


def _may(request: PersonRequest, job: Job, verb: str) -> bool:
    return allows(request.user, job.project_id, f"jobs.{verb}")

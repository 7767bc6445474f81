"""A job in the browser: its draft on one resumable page, its progress, and what a person may ask of it."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages as notices
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from ftstudio.accounts.policy import allows, require
from ftstudio.errors import NotAllowed
from ftstudio.web.current import current_project
from ftstudio.web.refusals import refusals_on
from ftstudio.web.render import render_page
from ftstudio.web.requests import PersonRequest
from jobs_app.core import lifecycle, recipes
from jobs_app.core.preflight import QUESTIONS, blockers
from jobs_app.models import Job
from jobs_app.providers import PROVIDERS
from jobs_app.services import estimating, jobs

from . import progress
from .calling import call_of
from .forms import DraftForm, JobStartForm, LaunchForm

EVENTS = 200


def found(request: PersonRequest, pk: UUID) -> Job:
    rows = Job.objects.visible_to(request.user).select_related(
        "connection", "snapshot__dataset", "project", "parent", "created_by"
    )
    return get_object_or_404(rows, pk=pk)


@login_required
def job_create(request: PersonRequest) -> HttpResponse:
    project = current_project(request)
    if project is None:
        raise NotAllowed(_("You belong to no project yet."))
    require(request.user, project, "jobs.create")
    brought = {"snapshot": request.GET["snapshot"]} if "snapshot" in request.GET else {}
    form = JobStartForm(request.POST or None, user=request.user, project=project, initial=brought)
    if request.method == "POST" and form.is_valid():
        with refusals_on(form):
            job = jobs.create(actor=request.user, answers=dict.fromkeys(QUESTIONS, False), **form.cleaned_data)
            return redirect("pages:job-update", job.pk)
    drafts = Job.objects.visible_to(request.user).filter(project=project, state=lifecycle.DRAFT)[:5]
    may_connect = allows(request.user, project, "connections.create")
    context = {"form": form, "drafts": drafts, "may_connect": may_connect}
    return render_page(request, "jobs/create.html", context, status=422 if form.errors else 200)


@login_required
def job_update(request: PersonRequest, pk: UUID) -> HttpResponse:
    """The draft. Each change is saved as it is made; without script, by the button."""
    job = found(request, pk)
    if not job.is_draft:
        return redirect("pages:job-detail", pk)
    provider = job.connection_id
    form = DraftForm(request.POST or None, job=job, user=request.user)
    if request.method == "POST" and form.is_valid():
        with refusals_on(form):
            jobs.update(actor=request.user, job=job, **_only_what_fits(form, job))
            if job.connection_id != provider:
                return _go(request, "pages:job-update", pk)
    return _draft_page(request, job, form, LaunchForm(), saved=form.is_bound and not form.errors)


@login_required
@require_POST
def job_launch(request: PersonRequest, pk: UUID) -> HttpResponse:
    job = found(request, pk)
    form = LaunchForm(request.POST)
    if form.is_valid():
        with refusals_on(form):
            reason = form.cleaned_data["waive"].strip()
            jobs.launch(actor=request.user, job=job, waive={"reason": reason} if reason else None)
            return _go(request, "pages:job-detail", pk)
    return _draft_page(request, job, DraftForm(job=job, user=request.user), form)


@login_required
@require_POST
def job_delete(request: PersonRequest, pk: UUID) -> HttpResponse:
    job = found(request, pk)
    jobs.delete(actor=request.user, job=job)
    notices.success(request, _("The draft “%(name)s” is thrown away.") % {"name": job.name})
    return redirect("pages:job-list")


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
    """The curves as data for the live chart: `{"train": [[step, loss], …], "valid": […], "final": bool}`."""
    job = found(request, pk)
    curves = progress.curves_of(job)

    def plain(line: progress.Line) -> list[list[float | None]]:
        return [[step, value if math.isfinite(value) else None] for step, value in line]

    return JsonResponse({"train": plain(curves.train), "valid": plain(curves.valid), "final": job.is_final})


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
    return _go(request, "pages:job-update", twin.pk)


def _steer(request: PersonRequest, pk: UUID, verb: Callable[..., Job]) -> HttpResponse:
    verb(actor=request.user, job=found(request, pk))
    return _go(request, "pages:job-detail", pk)


def _go(request: PersonRequest, view: str, pk: UUID) -> HttpResponse:
    """Lead on to a page; htmx is told to load it as a whole."""
    answer = redirect(view, pk)
    if getattr(request, "htmx", None) and isinstance(answer, HttpResponseRedirect):
        return HttpResponse(headers={"HX-Redirect": answer.url})
    return answer


def _only_what_fits(form: DraftForm, job: Job) -> dict[str, Any]:
    """The changes; the settings of a provider that has just been left are left with it."""
    changes = form.changes()
    if changes["connection"].kind != job.connection.kind:
        del changes["recipe"]
    return changes


def _draft_page(
    request: PersonRequest, job: Job, form: DraftForm, launch: LaunchForm, *, saved: bool = False
) -> HttpResponse:
    items = jobs.preflight(job)
    provider = PROVIDERS[job.connection.kind]
    context = {
        "job": job,
        "form": form,
        "launch_form": launch,
        "items": items,
        "open_items": len(blockers(items)),
        "estimate": estimating.estimate_of(job),
        "provider": provider,
        "base_models": provider.base_models,
        "presets": [
            {"label": preset.label, "values": json.dumps(dict(preset.values))}
            for preset in getattr(provider, "presets", ())
        ],
        "saved": saved,
        "errors": [(_label(form, name), error) for name, errors in form.errors.items() for error in errors],
        "warnings": recipes.warnings(job.recipe, provider.parameters).values(),
        "has_errors_in_data": any(item.id == "findings" and not item.ok for item in items),
        "may_change": allows(request.user, job.project_id, "jobs.create"),
        "may_launch": allows(request.user, job.project_id, "jobs.launch"),
    }
    status = 422 if form.errors or launch.errors else 200
    return render_page(request, "jobs/draft.html", context, part="changed", status=status)


def _label(form: DraftForm, name: str) -> str:
    return str(form.fields[name].label) if name in form.fields else ""


def _detail(request: PersonRequest, job: Job) -> dict[str, Any]:
    checkpoints = list(job.checkpoints.order_by("step"))
    curves = progress.curves_of(job, [checkpoint.step for checkpoint in checkpoints])
    verdict = progress.verdict_of(job, curves)
    verbs = {verb for verb in lifecycle.verbs(job.state) if verb != "clone" and _may(request, job, verb)}
    provider = PROVIDERS.get(job.connection.kind)
    if provider is None or not provider.capabilities.pause:
        verbs -= {"pause", "resume"}
    return {
        "job": job,
        "model": job.model_versions.filter(checkpoint=None).first(),
        "stations": progress.stations(job, list(job.moves.select_related("actor"))),
        "checkpoints": checkpoints,
        "curves": curves,
        "verdict": verdict[0] if verdict else None,
        "tone": verdict[1] if verdict else "",
        "comparison": progress.comparison(job),
        "rows_text": progress.rows_text(job),
        "recipe": progress.recipe_of(job),
        "call": call_of(job.connection, job.result_model, job.contract) if job.result_model else None,
        "events": list(job.events.order_by("-at", "-id")[:EVENTS]),
        "events_total": job.events.count(),
        "verbs": verbs,
        "unknown_word": "" if provider is None or job.raw_state in provider.states else job.raw_state,
        "may_clone": allows(request.user, job.project_id, "jobs.create"),
    }


def _may(request: PersonRequest, job: Job, verb: str) -> bool:
    return allows(request.user, job.project_id, f"jobs.{verb}")

"""A draft in the browser: begun, filled in on one resumable page, launched or thrown away."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages as notices
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from ftstudio.accounts.policy import allows, require
from ftstudio.errors import NotAllowed
from ftstudio.web.current import current_project
from ftstudio.web.refusals import refusals_on
from ftstudio.web.render import render_page
from ftstudio.web.requests import PersonRequest
from jobs_app.core import lifecycle
from jobs_app.core.preflight_facts import QUESTIONS
from jobs_app.models import Job
from jobs_app.services import jobs

from . import drafting, making
from .draft_forms import DraftForm, JobStartForm, LaunchForm
from .jobs import found, go


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
    provider, method = job.connection_id, drafting.method_of(job)
    form = DraftForm(request.POST or None, job=job, user=request.user)
    if request.method == "POST" and form.is_valid():
        with refusals_on(form):
            jobs.update(actor=request.user, job=job, **_only_what_fits(form, job))
            if job.connection_id != provider:
                return go(request, "pages:job-update", pk)
    fresh = drafting.method_of(job) != method
    if fresh:
        form = DraftForm(job=job, user=request.user)
    return _page(request, job, form, LaunchForm(), saved=request.method == "POST" and not form.errors, fresh=fresh)


@login_required
@require_POST
def job_launch(request: PersonRequest, pk: UUID) -> HttpResponse:
    job = found(request, pk)
    form = LaunchForm(request.POST)
    if form.is_valid():
        with refusals_on(form):
            reason = form.cleaned_data["waive"].strip()
            waive = {"reason": reason} if reason else None
            jobs.launch(actor=request.user, job=job, waive=waive, confirm=request.POST.getlist("confirm"))
            return go(request, "pages:job-detail", pk)
    return _page(request, job, DraftForm(job=job, user=request.user), form)


@login_required
@require_POST
def job_delete(request: PersonRequest, pk: UUID) -> HttpResponse:
    job = found(request, pk)
    jobs.delete(actor=request.user, job=job)
    notices.success(request, _("The draft “%(name)s” is thrown away.") % {"name": job.name})
    return redirect("pages:job-list")


def _only_what_fits(form: DraftForm, job: Job) -> dict[str, Any]:
    """The changes; what another provider or method had is left with it."""
    changes = form.changes()
    if changes["connection"].kind != job.connection.kind:
        del changes["recipe"], changes["codec"]
    elif changes["recipe"].get("method", drafting.method_of(job)) != drafting.method_of(job):
        del changes["codec"]
        changes["recipe"] = form.settings_of(changes["recipe"]["method"], changes["recipe"])
    return changes


def _page(
    request: PersonRequest,
    job: Job,
    form: DraftForm,
    launch: LaunchForm,
    *,
    saved: bool = False,
    fresh: bool = False,
) -> HttpResponse:
    """The page, or the parts that a change has made anew. `fresh`: the settings are others now."""
    context = {
        **drafting.context_of(job, form),
        **making.acts_of(request, job),
        "launch_form": launch,
        "saved": saved,
        "fresh": fresh,
        "may_change": allows(request.user, job.project_id, "jobs.create"),
        "may_launch": allows(request.user, job.project_id, "jobs.launch"),
    }
    status = 422 if form.errors or launch.errors else 200
    return render_page(request, "jobs/draft.html", context, part="changed", status=status)

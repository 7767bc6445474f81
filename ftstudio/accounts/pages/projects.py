"""The person's projects: list, open, switch, rename."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.db.models import Count, Q
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_POST

from ftstudio.accounts.models import Membership, Project
from ftstudio.accounts.services import projects
from ftstudio.web.current import remember_project
from ftstudio.web.refusals import refusals_on
from ftstudio.web.render import render_page
from ftstudio.web.requests import PersonRequest
from ftstudio.web.views import safe_next

from .forms import ProjectForm
from .members import show_members


def _page(request: PersonRequest, form: ProjectForm | None = None, status: int = 200) -> HttpResponse:
    user: Any = request.user
    memberships = (
        Membership.objects.filter(user=user, project__in=Project.objects.visible_to(user))
        .select_related("project")
        .annotate(people=Count("project__memberships", filter=Q(project__memberships__user__is_active=True)))
        .order_by("project__name", "project_id")
    )
    context = {"memberships": memberships, "may_create": projects.may_create(user), "form": form or ProjectForm()}
    return render_page(request, "projects/list.html", context, status=status)


@login_required
def project_list(request: PersonRequest) -> HttpResponse:
    return _page(request)


@require_POST
@login_required
def project_create(request: PersonRequest) -> HttpResponse:
    form = ProjectForm(request.POST)
    with refusals_on(form):
        if form.is_valid():
            project = projects.create(actor=request.user, name=form.cleaned_data["name"])  # type: ignore[arg-type]
            remember_project(request, project)
            return redirect("pages:member-list")
    return _page(request, form, 422)


@require_POST
@login_required
def project_switch(request: PersonRequest) -> HttpResponse:
    """Work in another project from now on. One that the person does not belong to does not exist: 404."""
    try:
        wanted = UUID(request.POST.get("project", ""))
    except ValueError as error:
        raise Http404 from error
    remember_project(request, get_object_or_404(Project.objects.visible_to(request.user), pk=wanted))
    return HttpResponseRedirect(safe_next(request))


@require_POST
@login_required
def project_update(request: PersonRequest, pk: UUID) -> HttpResponse:
    project = get_object_or_404(Project.objects.visible_to(request.user), pk=pk)
    form = ProjectForm(request.POST)
    with refusals_on(form):
        if form.is_valid():
            projects.rename(actor=request.user, project=project, name=form.cleaned_data["name"])  # type: ignore[arg-type]
            return redirect("pages:member-list")
    return show_members(request, project, status=422, name_form=form)

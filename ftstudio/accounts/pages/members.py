"""Who belongs to the current project, and the links that let others in."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from ftstudio.accounts.models import Invitation, Membership, Project
from ftstudio.accounts.policy import allows, role_of
from ftstudio.accounts.services import invitations, members
from ftstudio.web.current import current_project
from ftstudio.web.refusals import refusals_on
from ftstudio.web.render import render_page
from ftstudio.web.requests import PersonRequest

from .forms import InviteForm, ProjectForm, RoleForm


def show_members(request: PersonRequest, project: Project, status: int = 200, **parts: Any) -> HttpResponse:
    """The members page of `project`; `parts` holds forms that were refused, or the link that is shown this once."""
    user: Any = request.user
    may_invite = allows(user, project, "members.invite")
    may_change = allows(user, project, "members.change")
    people = Membership.objects.filter(project=project).select_related("user").order_by("user__name", "user_id")
    waiting = Invitation.objects.filter(project=project, accepted_at=None, expires_at__gt=timezone.now())
    context = {
        "project": project,
        "members": [(one, RoleForm(initial={"role": one.role}, auto_id=f"id_{one.pk}_%s")) for one in people],
        "invitations": waiting.select_related("created_by") if may_invite else [],
        "may_invite": may_invite,
        "may_change": may_change,
        "may_read_audit": allows(user, project, "audit.read"),
        "name_form": parts.get("name_form") or ProjectForm(initial={"name": project.name}),
        "invite_form": parts.get("invite_form") or InviteForm(up_to=role_of(user, project.pk)),
        "link": parts.get("link", ""),
    }
    return render_page(request, "projects/members.html", context, status=status)


@login_required
def member_list(request: PersonRequest) -> HttpResponse:
    project = current_project(request)
    return redirect("pages:project-list") if project is None else show_members(request, project)


@require_POST
@login_required
def member_update(request: PersonRequest, pk: int) -> HttpResponse:
    membership = get_object_or_404(Membership.objects.visible_to(request.user).select_related("project", "user"), pk=pk)
    members.change_role(actor=request.user, membership=membership, role=request.POST.get("role", ""))  # type: ignore[arg-type]
    messages.success(request, _("%(name)s has another role now.") % {"name": membership.user})
    return redirect("pages:member-list")


@require_POST
@login_required
def member_remove(request: PersonRequest, pk: int) -> HttpResponse:
    membership = get_object_or_404(Membership.objects.visible_to(request.user).select_related("project", "user"), pk=pk)
    members.remove(actor=request.user, membership=membership)  # type: ignore[arg-type]
    messages.success(request, _("%(name)s is no longer a member.") % {"name": membership.user})
    return redirect("pages:member-list")


@require_POST
@login_required
@never_cache
def invitation_create(request: PersonRequest, pk: UUID) -> HttpResponse:
    """Answers with the page that shows the link, this once."""
    user: Any = request.user
    project = get_object_or_404(Project.objects.visible_to(user), pk=pk)
    form = InviteForm(request.POST)
    with refusals_on(form):
        if form.is_valid():
            _invitation, secret = invitations.invite(actor=user, project=project, **form.cleaned_data)
            return show_members(request, project, 201, link=request.build_absolute_uri(invitations.path_of(secret)))
    return show_members(request, project, 422, invite_form=form)


@require_POST
@login_required
def invitation_withdraw(request: PersonRequest, pk: UUID) -> HttpResponse:
    invitation = get_object_or_404(Invitation.objects.visible_to(request.user).select_related("project"), pk=pk)
    invitations.withdraw(actor=request.user, invitation=invitation)  # type: ignore[arg-type]
    messages.success(request, _("The link no longer works."))
    return redirect("pages:member-list")

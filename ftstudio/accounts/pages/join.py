"""The page behind an invitation link."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters

from ftstudio.accounts.models import Invitation, User
from ftstudio.accounts.services import invitations
from ftstudio.errors import Conflict, Text
from ftstudio.web.current import remember_project
from ftstudio.web.refusals import refusals_on
from ftstudio.web.render import render_page

from .forms import FirstOwnerForm, JoinForm


@sensitive_post_parameters("password")
@never_cache
def invitation_accept(request: HttpRequest, secret: str) -> HttpResponse:
    """Who is signed in joins with one button; who is not makes an account. A dead link says so (410)."""
    invitation = invitations.open_one(secret)
    if invitation is None:
        return render_page(request, "projects/join.html", {"invitation": None}, status=410)
    if request.method == "POST" and request.user.is_authenticated:
        user = invitations.accept(secret=secret, user=request.user)
        return _welcome(request, user, invitation)
    form = _form(invitation, request.POST if request.method == "POST" else None)
    if request.method != "POST":
        return _page(request, invitation, form)
    with refusals_on(form):
        if form.is_valid():
            user = invitations.accept(secret=secret, **form.cleaned_data)
            # The person chose this password a moment ago: no second sign-in. A new session id comes with it.
            login(request, user, backend="allauth.account.auth_backends.AuthenticationBackend")
            return _welcome(request, user, invitation)
    return _page(request, invitation, form, status=422)


def _form(invitation: Invitation, data: Any) -> JoinForm:
    form = (JoinForm if invitation.project_id else FirstOwnerForm)(data, initial={"email": invitation.email})
    form.fields["email"].disabled = bool(invitation.email)
    return form


def _page(request: HttpRequest, invitation: Invitation, form: JoinForm, status: int = 200) -> HttpResponse:
    if request.user.is_authenticated and invitation.project_id is None:
        raise Conflict(Text("There is an owner already: you are signed in."))
    context: dict[str, Any] = {"invitation": invitation, "form": form}
    return render_page(request, "projects/join.html", context, status=status)


def _welcome(request: HttpRequest, user: User, invitation: Invitation) -> HttpResponse:
    if invitation.project_id:
        remember_project(request, invitation.project_id)
    return redirect("/")

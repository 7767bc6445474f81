"""A person's own page: profile, language, theme, tokens, and the ways to password and second factor."""

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

from ftstudio.accounts.models import ApiToken
from ftstudio.accounts.services import profile, tokens
from ftstudio.web.refusals import refusals_on
from ftstudio.web.render import render_page
from ftstudio.web.requests import PersonRequest

from .forms import ProfileForm, TokenForm


def _page(request: PersonRequest, status: int = 200, **parts: Any) -> HttpResponse:
    user: Any = request.user
    now = timezone.now()
    mine = ApiToken.objects.visible_to(user).select_related("project")
    context = {
        "form": parts.get("form") or ProfileForm.of(user),
        "token_form": parts.get("token_form") or TokenForm(user=user),
        "new_token": parts.get("new_token"),
        "secret": parts.get("secret", ""),
        "tokens": [(token, _state(token, now)) for token in mine],
    }
    return render_page(request, "accounts/account.html", context, status=status)


def _state(token: ApiToken, now: Any) -> str:
    if token.revoked_at:
        return "revoked"
    return "expired" if token.expires_at <= now else "active"


@login_required
def account(request: PersonRequest) -> HttpResponse:
    if request.method != "POST":
        return _page(request)
    form = ProfileForm(request.POST)
    with refusals_on(form):
        if form.is_valid():
            profile.change(actor=request.user, **form.cleaned_data)  # type: ignore[arg-type]
            messages.success(request, _("Saved."))
            return redirect("pages:account")
    return _page(request, 422, form=form)


@require_POST
@login_required
@never_cache
def token_create(request: PersonRequest) -> HttpResponse:
    """Answers with the page that shows the secret, this once."""
    user: Any = request.user
    form = TokenForm(request.POST, user=user)
    with refusals_on(form):
        if form.is_valid():
            token, secret = tokens.create(actor=user, **form.cleaned_data)
            return _page(request, 201, new_token=token, secret=secret)
    return _page(request, 422, token_form=form)


@require_POST
@login_required
def token_revoke(request: PersonRequest, pk: UUID) -> HttpResponse:
    user: Any = request.user
    token = get_object_or_404(ApiToken.objects.visible_to(user), pk=pk)
    tokens.revoke(actor=user, token=token)
    messages.success(request, _("The token “%(name)s” no longer works.") % {"name": token.name})
    return redirect("pages:account")

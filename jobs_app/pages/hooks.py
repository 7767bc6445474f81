"""Webhooks to other systems in the browser: addresses, a secret that is shown once, and what was sent."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from ftstudio.accounts.policy import require
from ftstudio.errors import NotAllowed
from ftstudio.web.current import current_project
from ftstudio.web.refusals import refusals_on
from ftstudio.web.render import render_page
from ftstudio.web.requests import PersonRequest
from ftstudio.web.texts import say
from jobs_app.core.hooks import KINDS
from jobs_app.models import Delivery, Hook
from jobs_app.services import hooks

SHOWN = 50


class HookForm(forms.Form):
    name = forms.CharField(label=gettext_lazy("Name"), max_length=100)
    url = forms.CharField(
        label=gettext_lazy("Address"),
        max_length=300,
        help_text=gettext_lazy("An https address that takes POST. It is sent ids, states and links, never data."),
    )
    kinds = forms.MultipleChoiceField(
        label=gettext_lazy("Tell it when"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy("None ticked: of everything."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["kinds"].choices = [(kind, say(label)) for kind, label in KINDS.items()]  # type: ignore[attr-defined]


class HookChangeForm(HookForm):
    active = forms.BooleanField(label=gettext_lazy("Switched on"), required=False)


@login_required
@require_safe
def hook_list(request: PersonRequest) -> HttpResponse:
    project = current_project(request)
    if project is None:
        raise NotAllowed(_("You belong to no project yet."))
    require(request.user, project, "hooks.manage")
    rows = Hook.objects.visible_to(request.user).filter(project=project).defer("secret")
    return render_page(request, "hooks/list.html", {"hooks": rows})


@login_required
def hook_create(request: PersonRequest) -> HttpResponse:
    project = current_project(request)
    if project is None:
        raise NotAllowed(_("You belong to no project yet."))
    require(request.user, project, "hooks.manage")
    form = HookForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        with refusals_on(form):
            hook, secret = hooks.create(actor=request.user, project=project, **form.cleaned_data)
            return _page(request, hook, secret=secret)
    return render_page(request, "hooks/create.html", {"form": form}, status=422 if form.errors else 200)


@login_required
@require_safe
def hook_detail(request: PersonRequest, pk: UUID) -> HttpResponse:
    return _page(request, _found(request, pk))


@login_required
@require_POST
def hook_update(request: PersonRequest, pk: UUID) -> HttpResponse:
    hook = _found(request, pk)
    form = HookChangeForm(request.POST)
    if form.is_valid():
        with refusals_on(form):
            hooks.update(actor=request.user, hook=hook, **form.cleaned_data)
            messages.success(request, _("Saved."))
            return redirect("pages:hook-detail", pk)
    return _page(request, hook, form=form)


@login_required
@require_POST
def hook_secret(request: PersonRequest, pk: UUID) -> HttpResponse:
    hook = _found(request, pk)
    return _page(request, hook, secret=hooks.rotate(actor=request.user, hook=hook))


@login_required
@require_POST
def hook_test(request: PersonRequest, pk: UUID) -> HttpResponse:
    hooks.test(actor=request.user, hook=_found(request, pk))
    return redirect("pages:hook-detail", pk)


@login_required
@require_POST
def hook_delete(request: PersonRequest, pk: UUID) -> HttpResponse:
    hook = _found(request, pk)
    name = hook.name
    hooks.delete(actor=request.user, hook=hook)
    messages.success(request, _("The webhook “%(name)s” is removed.") % {"name": name})
    return redirect("pages:hook-list")


@login_required
@require_POST
def delivery_again(request: PersonRequest, pk: UUID, delivery: UUID) -> HttpResponse:
    rows = Delivery.objects.select_related("hook").defer("hook__secret")
    row = get_object_or_404(rows, hook=_found(request, pk), pk=delivery)
    hooks.redeliver(actor=request.user, delivery=row)
    return redirect("pages:hook-detail", pk)


def _found(request: PersonRequest, pk: UUID) -> Hook:
    rows = Hook.objects.visible_to(request.user).select_related("project").defer("secret")
    hook: Hook = get_object_or_404(rows, pk=pk)
    require(request.user, hook.project_id, "hooks.manage")
    return hook


def _page(request: PersonRequest, hook: Hook, *, form: HookChangeForm | None = None, secret: str = "") -> HttpResponse:
    now = {"name": hook.name, "url": hook.url, "kinds": hook.kinds, "active": hook.active}
    deliveries = list(hook.deliveries.all()[:SHOWN])
    context = {
        "hook": hook,
        "form": form or HookChangeForm(initial=now),
        "deliveries": deliveries,
        "waits": any(one.state == "waiting" for one in deliveries) and hook.active,
        "secret": secret,
    }
    answer = render_page(request, "hooks/detail.html", context, status=422 if form and form.errors else 200)
    if secret:
        answer["Cache-Control"] = "no-store"
    return answer

"""Saved views: keep what the list shows under a name, share it, change it, delete it and put it back."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages as notices
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from datasets_app.models import Dataset, SavedView
from datasets_app.services import views
from ftstudio.accounts.policy import allows
from ftstudio.web.render import render_page
from ftstudio.web.requests import PersonRequest

from . import list_state
from .filter_view import chips_of
from .landing import landing_on, status_of
from .view_forms import ViewForm


def _content(state: list_state.State) -> dict[str, Any]:
    return {"filter": state.filters.chosen(), "columns": state.columns, "order": state.order}


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def create(request: PersonRequest, pk: UUID) -> HttpResponse:
    """Save what the list at this address shows as a view."""
    dataset = get_object_or_404(Dataset.objects.visible_to(request.user), pk=pk)
    state, _refused = list_state.read(request, dataset)
    may_share = allows(request.user, dataset.project_id, "views.share")
    form = ViewForm(request.POST or None, may_share=may_share)
    if request.method == "POST" and form.is_valid():
        with landing_on(form):
            view = views.save(actor=request.user, dataset=dataset, **form.cleaned_data, **_content(state))
            notices.success(request, _("The view “%(name)s” is saved.") % {"name": view.name})
            return redirect(list_state.opened(view, request.user.pk).address())
    context = {"dataset": dataset, "form": form, "view": None, "state": state,
               "chips": chips_of(dataset, state.filters, state)}  # fmt: skip
    return render_page(request, "views/form.html", context, status=status_of(form))


def _view(request: PersonRequest, pk: UUID) -> SavedView:
    return get_object_or_404(SavedView.objects.visible_to(request.user).select_related("dataset__project"), pk=pk)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def update(request: PersonRequest, pk: UUID) -> HttpResponse:
    """Rename or share a view, or give it what the list at this address shows (`now` in the form)."""
    view = _view(request, pk)
    state, _refused = list_state.read(request, view.dataset)
    may_share = allows(request.user, view.dataset.project_id, "views.share")
    initial = {"name": view.name, "shared": view.shared}
    form = ViewForm(request.POST or None, may_share=may_share, initial=initial)
    if request.method == "POST" and form.is_valid():
        with landing_on(form):
            more = _content(state) if "now" in request.POST else {}
            view = views.update(actor=request.user, view=view, **form.cleaned_data, **more)
            return redirect(list_state.opened(view, request.user.pk).address())
    context = {"dataset": view.dataset, "form": form, "view": view, "state": state,
               "chips": chips_of(view.dataset, state.filters, state)}  # fmt: skip
    return render_page(request, "views/form.html", context, status=status_of(form))


@login_required
@require_POST
def delete(request: PersonRequest, pk: UUID) -> HttpResponse:
    """Delete a view; the list says so, with a button that puts it back."""
    view = _view(request, pk)
    request.session["deleted_view"] = {
        "dataset": str(view.dataset_id), "name": view.name, "deleted": views.delete(actor=request.user, view=view),
    }  # fmt: skip
    return redirect("pages:dataset-detail", view.dataset_id)


@login_required
@require_POST
def restore(request: PersonRequest, pk: UUID) -> HttpResponse:
    """Put a deleted view back."""
    dataset = get_object_or_404(Dataset.objects.visible_to(request.user).select_related("project"), pk=pk)
    view = views.restore(actor=request.user, dataset=dataset, deleted=request.POST.get("deleted", ""))
    return redirect(list_state.opened(view, request.user.pk).address())

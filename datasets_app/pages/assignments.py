"""Who works at what: what waits for each person, shares of the queue, and giving one sample to somebody."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages as notices
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from datasets_app.models import Dataset
from datasets_app.services import assignments
from ftstudio.accounts.policy import allows
from ftstudio.web.refusals import refusals_on
from ftstudio.web.render import render_page
from ftstudio.web.requests import PersonRequest

from .landing import landing_on, status_of
from .loading import sample_of
from .queue import query_of, queue_of

PREFIX = "share-"  # of the fields of the shares; after it a user name


class SharesForm(forms.Form):
    """One field for each member: the share of the queue that is kept for them, in per cent."""

    def __init__(self, *args: Any, loads: list[assignments.Load], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for load in loads:
            self.fields[PREFIX + load.person.username] = forms.IntegerField(
                label=_("Share of %(who)s in per cent") % {"who": load.person},
                min_value=0, max_value=100, required=False, initial=load.percent or None,
                widget=forms.NumberInput(attrs={"form": "shares"}),
            )  # fmt: skip

    @property
    def shares(self) -> dict[str, int]:
        return {name.removeprefix(PREFIX): percent for name, percent in self.cleaned_data.items() if percent}


class AssignForm(forms.Form):
    to = forms.ChoiceField(label=gettext_lazy("To whom"), required=False)

    def __init__(self, *args: Any, dataset: Dataset, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        people = [(name, str(person)) for name, person in assignments.deciders(dataset).items()]
        field: Any = self.fields["to"]
        field.choices = [("", _("Nobody: it is for everybody")), *people]


@login_required
@require_safe
def index(request: PersonRequest, pk: UUID) -> HttpResponse:
    """What waits for each member of the project, and the share of the queue that is kept for them."""
    dataset = get_object_or_404(Dataset.objects.visible_to(request.user), pk=pk)
    return _page(request, dataset, None)


@login_required
@require_POST
def share(request: PersonRequest, pk: UUID) -> HttpResponse:
    """Keep shares of the queue, as the form says."""
    dataset = get_object_or_404(Dataset.objects.visible_to(request.user), pk=pk)
    form = SharesForm(request.POST, loads=assignments.loads(dataset))
    if form.is_valid():
        with refusals_on(form):
            assignments.set_shares(actor=request.user, dataset=dataset, shares=form.shares)
            notices.success(request, _("The shares are kept."))
            return redirect("pages:assignment-list", dataset.pk)
    return _page(request, dataset, form)


def _page(request: PersonRequest, dataset: Dataset, form: SharesForm | None) -> HttpResponse:
    loads = assignments.loads(dataset)
    shown = form or SharesForm(loads=loads)
    context = {
        "dataset": dataset,
        "form": shown,
        "rows": [{"load": load, "field": shown[PREFIX + load.person.username]} for load in loads],
        "left": 100 - sum(load.percent for load in loads),
        "may": allows(request.user, dataset.project_id, "samples.assign"),
    }
    return render_page(request, "assignments/list.html", context, status=status_of(shown) if form else 200)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def assign(request: PersonRequest, pk: int) -> HttpResponse:
    """Give one sample to a person, or take it back; then back to the sample."""
    sample, queue = sample_of(request, pk), query_of(queue_of(request))
    holder = sample.assigned_to.username if sample.assigned_to else ""
    form = AssignForm(request.POST or None, dataset=sample.dataset, initial={"to": holder})
    if request.method == "POST" and form.is_valid():
        with landing_on(form):
            assignments.assign(actor=request.user, sample=sample, to=form.cleaned_data["to"])
            return redirect(reverse("pages:sample-detail", args=[sample.pk]) + queue)
    context = {
        "sample": sample,
        "dataset": sample.dataset,
        "form": form,
        "may": allows(request.user, sample.dataset.project_id, "samples.assign"),
        "queue_query": queue,
    }
    return render_page(request, "assignments/form.html", context, status=status_of(form))

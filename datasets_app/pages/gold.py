"""Hidden checks, for those who manage them: which samples they are, how often they come, and how people did."""

from __future__ import annotations

from uuid import UUID

from django import forms
from django.contrib import messages as notices
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from datasets_app.models import Dataset, Gold
from datasets_app.services import gold
from ftstudio.accounts.policy import require
from ftstudio.web.refusals import refusals_on
from ftstudio.web.render import render_page
from ftstudio.web.requests import PersonRequest

from .landing import landing_on, status_of
from .loading import sample_of


class RateForm(forms.Form):
    rate = forms.IntegerField(
        label=gettext_lazy("Of a hundred samples that are given out, hidden checks"),
        help_text=gettext_lazy("0 to 50. The people are not told which ones they are."),
    )


class MarkForm(forms.Form):
    shown = forms.IntegerField(
        label=gettext_lazy("Revision that people are shown"), min_value=1, max_value=999_999,
        help_text=gettext_lazy("They should come to what the sample says now."),
    )  # fmt: skip
    note = forms.CharField(label=gettext_lazy("Note"), required=False, max_length=300)


@login_required
@require_safe
def index(request: PersonRequest, pk: UUID) -> HttpResponse:
    """The checks, the rate, and everybody's accuracy."""
    dataset = get_object_or_404(Dataset.objects.visible_to(request.user), pk=pk)
    return _page(request, dataset, None)


@login_required
@require_POST
def rate(request: PersonRequest, pk: UUID) -> HttpResponse:
    """How often checks come."""
    dataset = get_object_or_404(Dataset.objects.visible_to(request.user), pk=pk)
    form = RateForm(request.POST)
    if form.is_valid():
        with refusals_on(form):
            gold.set_rate(actor=request.user, dataset=dataset, **form.cleaned_data)
            return redirect("pages:gold-list", dataset.pk)
    return _page(request, dataset, form)


def _page(request: PersonRequest, dataset: Dataset, form: RateForm | None) -> HttpResponse:
    context = {
        "dataset": dataset,
        "checks": gold.listed(actor=request.user, dataset=dataset)[:200],
        "accuracy": gold.accuracy(dataset),
        "form": form or RateForm(initial={"rate": dataset.gold_rate}),
    }
    return render_page(request, "gold/list.html", context, status=status_of(form) if form else 200)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def mark(request: PersonRequest, pk: int) -> HttpResponse:
    """Make a decided sample a hidden check."""
    sample = sample_of(request, pk)
    require(request.user, sample.dataset.project_id, "gold.manage")
    form = MarkForm(request.POST or None, initial={"shown": 1})
    if request.method == "POST" and form.is_valid():
        with landing_on(form):
            gold.mark(actor=request.user, sample=sample, **form.cleaned_data)
            notices.success(request, _("This sample is a hidden check from now on."))
            return redirect("pages:gold-list", sample.dataset_id)
    context = {
        "sample": sample,
        "dataset": sample.dataset,
        "form": form,
        "check": Gold.objects.filter(sample=sample, active=True).first(),
        "decided": sample.status in gold.KNOWN,
    }
    return render_page(request, "gold/form.html", context, status=status_of(form))


@login_required
@require_POST
def retire(request: PersonRequest, pk: int) -> HttpResponse:
    """Give it out no more."""
    check = get_object_or_404(Gold.objects.visible_to(request.user).select_related("dataset__project", "sample"), pk=pk)
    gold.retire(actor=request.user, gold=check)
    return redirect("pages:gold-list", check.dataset_id)

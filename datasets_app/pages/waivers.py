"""Waivers: letting a finding pass from the desk, the list of all that pass, and taking one back."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages as notices
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from datasets_app.core.rules import RULES
from datasets_app.models import Dataset, FindingRow, Waiver
from datasets_app.services import waivers
from ftstudio.accounts.policy import allows
from ftstudio.web.render import render_page
from ftstudio.web.requests import PersonRequest
from ftstudio.web.texts import from_row

from .bulk_forms import WaiverForm
from .landing import landing_on, status_of
from .loading import sample_of
from .queue import query_of, queue_of


@login_required
@require_safe
def index(request: PersonRequest, pk: UUID) -> HttpResponse:
    """What is let pass in the dataset, the newest first; of one rule with `rule`."""
    dataset = get_object_or_404(Dataset.objects.visible_to(request.user), pk=pk)
    rule = request.GET.get("rule", "")[:40].replace("\x00", "")
    context = {
        "dataset": dataset,
        "rule": rule,
        "rules": waivers.rules_of(dataset),
        "page": waivers.page(dataset=dataset, rule=rule, cursor=request.GET.get("cursor", "")),
        "may": allows(request.user, dataset.project_id, "findings.waive"),
    }
    return render_page(request, "waivers/list.html", context)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def create(request: PersonRequest, pk: int) -> HttpResponse:
    """Let the findings of `rule` in the address pass on the sample, with a reason; then back to the sample."""
    sample, rule, queue = sample_of(request, pk), request.GET.get("of", "")[:40], query_of(queue_of(request))
    form = WaiverForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        with landing_on(form):
            waivers.waive(actor=request.user, sample=sample, rule=rule, reason=form.cleaned_data["reason"])
            return redirect(reverse("pages:sample-detail", args=[sample.pk]) + queue)
    found = FindingRow.objects.current().filter(sample=sample, rule=rule)
    context = {
        "sample": sample,
        "dataset": sample.dataset,
        "rule": rule,
        "title": RULES[rule].title if rule in RULES else rule,
        "findings": [{"severity": row.severity, "message": from_row(row.message)} for row in found],
        "waiver": Waiver.objects.filter(sample=sample, rule=rule).select_related("by").first(),
        "form": form,
        "may": allows(request.user, sample.dataset.project_id, "findings.waive"),
        "queue_query": queue,
    }
    return render_page(request, "waivers/form.html", context, status=status_of(form))


@login_required
@require_POST
def take_back(request: PersonRequest, pk: int) -> HttpResponse:
    """Let the findings stand again; back to the desk or to the list, wherever the button was."""
    rows = Waiver.objects.visible_to(request.user).select_related("dataset__project")
    waiver = get_object_or_404(rows, pk=pk)
    waivers.take_back(actor=request.user, waiver=waiver)
    if request.POST.get("on") == "sample":
        return redirect("pages:sample-detail", waiver.sample_id)
    notices.success(request, _("The finding stands again."))
    return redirect("pages:waiver-list", waiver.dataset_id)

"""Release gates in the browser: the gate of a dataset, how its models stand before it, promoting one of them."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from datasets_app.models import Dataset
from ftstudio.accounts.models import User
from ftstudio.accounts.policy import allows
from ftstudio.web.refusals import refusals_on
from ftstudio.web.render import render_page
from ftstudio.web.requests import PersonRequest
from jobs_app.core import gates as core
from jobs_app.models import Evaluation, ModelVersion
from jobs_app.services import gate_proposals as proposals
from jobs_app.services import gates, models

from .gate_form import GateForm

SHOWN = 8  # models of the task, the newest first
WORDS = {
    core.MET: (gettext_lazy("meets the gate"), "ok"),
    core.UNMET: (gettext_lazy("does not meet the gate"), "error"),
    core.UNMEASURED: (gettext_lazy("not measured yet"), "warning"),
}
RULED = {
    core.MET: (gettext_lazy("met"), "ok"),
    core.UNMET: (gettext_lazy("not met"), "error"),
    core.UNMEASURED: (gettext_lazy("not measured"), "warning"),
}


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def gate(request: PersonRequest, pk: UUID) -> HttpResponse:
    """The gate of a dataset; a POST sets it. `?preset=` fills a line of the form in."""
    dataset = _dataset(request, pk)
    now = gates.of(dataset)
    if request.method == "POST":
        form = GateForm(request.POST, dataset=dataset)
        if form.is_valid():
            with refusals_on(form, named=lambda name: f"{name}-limit" if f"{name}-limit" in form.fields else name):
                gates.update(actor=request.user, dataset=dataset, conditions=form.conditions(),
                             least_cases=form.cleaned_data["least_cases"])  # fmt: skip
                messages.success(request, _("Saved."))
                return redirect("pages:gate", pk)
    else:
        conditions, least = proposals.suggested(dataset, now, request.GET.get("preset", ""))
        form = GateForm(dataset=dataset, conditions=conditions, initial={"least_cases": least})
    context = {
        "dataset": dataset,
        "gate": now,
        "form": form,
        "presets": proposals.PRESETS.items(),
        "demands": proposals.demands_of(now) if now else [],
        "warnings": proposals.warnings_of(now) if now else [],
        "models": [(model, seen(request.user, model)) for model in proposals.models_of(dataset)[:SHOWN]] if now else [],
        "may_update": allows(request.user, dataset.project_id, "gates.update"),
    }
    return render_page(request, "gates/detail.html", context, status=422 if form.errors else 200)


@login_required
@require_POST
def gate_clear(request: PersonRequest, pk: UUID) -> HttpResponse:
    gates.clear(actor=request.user, dataset=_dataset(request, pk))
    messages.success(request, _("The gate is gone: every model may be promoted."))
    return redirect("pages:gate", pk)


def seen(user: User, model: ModelVersion) -> dict[str, Any]:
    """How a model stands before its gate, as `gates/_standing.html` shows it."""
    standing = gates.state(model)
    word, tone = WORDS[standing.state] if standing.state else ("", "")
    return {
        "model": model,
        "standing": standing,
        "word": word,
        "tone": tone,
        "rulings": [(ruling, *RULED[ruling.state]) for ruling in standing.rulings],
        "is_in_production": model.stage == models.PRODUCTION,
        "may_promote": model.stage == models.CANDIDATE and allows(user, model.project_id, "models.update"),
        "may_override": allows(user, model.project_id, "gates.override"),
    }


def of_evaluation(user: User, evaluation: Evaluation) -> list[dict[str, Any]]:
    """The same for each tuned model that an evaluation has asked, in the order of its arms."""
    rows = ModelVersion.objects.filter(arms__evaluation=evaluation).order_by("arms__number")
    related = rows.select_related("connection", "project", "job__snapshot__dataset")
    found = {model.pk: model for model in related.defer("connection__credential", "connection__secrets", "job__raw")}
    return [seen(user, model) for model in found.values()]


def _dataset(request: PersonRequest, pk: UUID) -> Dataset:
    return get_object_or_404(Dataset.objects.visible_to(request.user).select_related("project"), pk=pk)

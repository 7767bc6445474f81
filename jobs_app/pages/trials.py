"""Measuring a prompt in the browser: what it will cost, how far it is, what each case came to."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_POST, require_safe

from ftstudio.accounts.policy import allows, require
from ftstudio.errors import Conflict, InvalidInput
from ftstudio.web.refusals import refusals_on
from ftstudio.web.render import render_page
from ftstudio.web.requests import PersonRequest
from ftstudio.web.texts import say
from jobs_app.core import advisor
from jobs_app.models import Trial
from jobs_app.providers import PROVIDERS
from jobs_app.services import trials

from .advice import found
from .advice_forms import TrialForm


@login_required
def trial_create(request: PersonRequest, pk: UUID) -> HttpResponse:
    """What is to be asked, and what that will cost; a POST with `start` begins."""
    advice = found(request, pk)
    require(request.user, advice.project_id, "models.call")
    form = TrialForm(request.POST or None, advice=advice, user=request.user, initial=_first(request, advice))
    planned = None
    problem = ""
    if form.is_bound and form.is_valid():
        with refusals_on(form):
            if "start" in request.POST:
                trial = trials.start(actor=request.user, advice=advice, **form.cleaned_data)
                return redirect("pages:trial-detail", trial.pk)
            try:
                planned = trials.plan(advice=advice, **form.cleaned_data)
            except Conflict as refusal:
                problem = say(refusal.message)
    elif not form.is_bound:
        try:
            connection = form.fields["connection"].queryset.first()  # type: ignore[attr-defined]
            model = form.get_initial_for_field(form.fields["model"], "model")
            if connection and model:
                planned = trials.plan(advice=advice, connection=connection, model=model)
        except (Conflict, InvalidInput) as refusal:
            problem = say(refusal.message)
    models = sorted({model.id for provider in PROVIDERS.values() for model in provider.base_models})
    context = {
        "advice": advice, "dataset": advice.dataset, "form": form, "plan": planned, "problem": problem,
        "models": models,
    }  # fmt: skip
    return render_page(request, "trials/create.html", context, status=422 if form.errors else 200)


@login_required
@require_safe
def trial_detail(request: PersonRequest, pk: UUID) -> HttpResponse:
    """How far it is, the rate with its interval, and the cases; those that failed first."""
    trial = _found(request, pk)
    rate = advisor.Rate(trial.strict, trial.asked)
    lenient = advisor.Rate(trial.lenient, trial.asked)
    cases = list(trial.cases.exclude(outcome="").select_related("sample").order_by("number"))
    cases.sort(key=lambda case: (case.outcome == "passed", case.number))
    context: dict[str, Any] = {
        "trial": trial,
        "advice": trial.advice,
        "dataset": trial.advice.dataset,
        "arm": say(advisor.ARMS[trial.arm]),
        "rate": rate,
        "low": rate.interval[0],
        "high": rate.interval[1],
        "lenient": lenient,
        "lenient_low": lenient.interval[0],
        "lenient_high": lenient.interval[1],
        "done": trial.asked / trial.total if trial.total else 1,
        "cases": cases,
        "may_cancel": not trial.is_final and allows(request.user, trial.advice.project_id, "advice.create"),
    }
    return render_page(request, "trials/detail.html", context)


@login_required
@require_POST
def trial_cancel(request: PersonRequest, pk: UUID) -> HttpResponse:
    trial = _found(request, pk)
    trials.cancel(actor=request.user, trial=trial)
    return redirect("pages:trial-detail", pk)


def _found(request: PersonRequest, pk: UUID) -> Trial:
    rows = Trial.objects.visible_to(request.user).select_related(
        "advice__dataset__project", "advice__project", "connection"
    )
    return get_object_or_404(rows.defer("connection__credential"), pk=pk)


def _first(request: PersonRequest, advice: Any) -> dict[str, Any]:
    shots = request.GET.get("shots", "0")
    return {"model": advice.dataset.base_model, "shots": int(shots) if shots in ("0", "1", "3", "5", "8") else 0}

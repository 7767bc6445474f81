"""Measuring a prompt for the advisor in the browser: an evaluation of one model, whose result goes into the record."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect

from ftstudio.accounts.policy import require
from ftstudio.errors import Conflict, InvalidInput
from ftstudio.web.refusals import refusals_on
from ftstudio.web.render import render_page
from ftstudio.web.requests import PersonRequest
from ftstudio.web.texts import say
from jobs_app.core.cases import SHOTS
from jobs_app.models import Advice
from jobs_app.providers import PROVIDERS
from jobs_app.services import evaluations

from .advice import found
from .advice_forms import MeasureForm

ARM = "arms.0."  # before the name of what is wrong with the one model


@login_required
def advice_measure(request: PersonRequest, pk: UUID) -> HttpResponse:
    """What is to be asked, and what that will cost; a POST with `start` begins."""
    advice = found(request, pk)
    require(request.user, advice.project_id, "models.call")
    form = MeasureForm(request.POST or None, advice=advice, user=request.user, initial=_first(request, advice))
    planned, problem = None, ""
    if form.is_bound and form.is_valid():
        with refusals_on(form):
            try:
                if "start" in request.POST:
                    made = _of_one(evaluations.start, form, actor=request.user, dataset=advice.dataset, advice=advice)
                    return redirect("pages:evaluation-detail", made.pk)
                planned = _of_one(evaluations.plan, form, dataset=advice.dataset)
            except Conflict as refusal:
                problem = say(refusal.message)
    elif not form.is_bound:
        planned, problem = _beforehand(form, advice)
    models = sorted({model.id for provider in PROVIDERS.values() for model in provider.base_models})
    context = {
        "advice": advice, "dataset": advice.dataset, "form": form, "plan": planned, "problem": problem,
        "models": models,
    }  # fmt: skip
    return render_page(request, "advice/measure.html", context, status=422 if form.errors else 200)


def _of_one(verb: Any, form: MeasureForm, **more: Any) -> Any:
    """Call the service with the form's model; what it says of the model is said of the form's fields."""
    try:
        return verb(**more, **form.asked())
    except InvalidInput as refusal:
        fields = {name.removeprefix(ARM): text for name, text in refusal.fields.items()}
        raise InvalidInput.of(fields, refusal.message) from None


def _beforehand(form: MeasureForm, advice: Advice) -> tuple[Any, str]:
    """The plan of what the form begins with, where it names a model."""
    connection = form.fields["connection"].queryset.first()  # type: ignore[attr-defined]
    model = form.get_initial_for_field(form.fields["model"], "model")
    if connection is None or not model:
        return None, ""
    try:
        arms = [evaluations.ArmSpec(connection, model=model)]
        return evaluations.plan(dataset=advice.dataset, arms=arms), ""
    except (Conflict, InvalidInput) as refusal:
        return None, say(refusal.message)


def _first(request: PersonRequest, advice: Advice) -> dict[str, Any]:
    shots = request.GET.get("shots", "0")
    return {"model": advice.dataset.base_model, "shots": int(shots) if shots in map(str, SHOTS) else 0}

"""Synthesising samples in the browser: what is asked and what it costs, the candidates as they come, the choice."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_POST, require_safe

from datasets_app.models import Dataset
from ftstudio.accounts.policy import allows, require
from ftstudio.errors import Conflict, InvalidInput
from ftstudio.web.refusals import refusals_on
from ftstudio.web.render import render_page
from ftstudio.web.requests import PersonRequest
from ftstudio.web.texts import say
from jobs_app.core import synthesis as core
from jobs_app.models import Evaluation, Synthesis
from jobs_app.pipeline.rates import why_shut
from jobs_app.providers import PROVIDERS
from jobs_app.services import synthesis as synthesising
from jobs_app.services import synthesis_plans

from .request_ids import request_id, token_of
from .synthesis_form import SynthesisForm

EARLIER = 10
REFUSED = 50  # of what did not become a candidate; the API has all of it


@login_required
def synthesis_create(request: PersonRequest, pk: UUID) -> HttpResponse:
    """What is to be asked, and what that will cost; a POST with `start` begins."""
    dataset = get_object_or_404(Dataset.objects.visible_to(request.user).select_related("project"), pk=pk)
    require(request.user, dataset.project_id, "samples.synthesise")
    begins = _similar(request, dataset)
    form = SynthesisForm(request.POST or None, dataset=dataset, user=request.user, initial=begins)
    planned, problem = None, ""
    if form.is_bound and form.is_valid():
        with refusals_on(form):
            if "start" in request.POST:
                begun = synthesising.start(
                    actor=request.user, dataset=dataset, client_id=request_id(request.POST), **form.cleaned_data
                )
                return redirect("pages:synthesis-detail", begun.pk)
            try:
                planned = synthesis_plans.plan(dataset=dataset, **form.cleaned_data)
            except Conflict as refusal:
                problem = say(refusal.message)
    elif not form.is_bound and (connection := form.connections.first()) is not None:
        try:
            planned = synthesis_plans.plan(
                dataset=dataset, connection=connection, model=form.first_model, evaluation=begins.get("evaluation"),
                arm=begins.get("arm"),
            )  # fmt: skip
        except (Conflict, InvalidInput) as refusal:
            problem = say(refusal.message)
    context = {
        "dataset": dataset, "form": form, "plan": planned, "problem": problem,
        "similar": bool(begins or form["evaluation"].value()),
        "warnings": [say(text) for text in planned.warnings] if planned else [],
        "models": sorted({model.id for provider in PROVIDERS.values() for model in provider.base_models}),
        "token": token_of(request.POST),
        "earlier": Synthesis.objects.filter(dataset=dataset)[:EARLIER],
    }  # fmt: skip
    return render_page(request, "synthesis/create.html", context, status=422 if form.errors else 200)


def _similar(request: PersonRequest, dataset: Dataset) -> dict[str, Any]:
    """What the form begins with where more is wanted of what a model got wrong: `?evaluation=` and `?arm=`."""
    try:
        pk = UUID(request.GET.get("evaluation", ""))
    except ValueError:
        return {}
    evaluation = Evaluation.objects.visible_to(request.user).filter(dataset=dataset, pk=pk).first()
    if evaluation is None:
        return {}
    number = request.GET.get("arm", "")
    arm = int(number) if number.isascii() and number.isdigit() and len(number) < 6 else None
    return {"evaluation": evaluation, "arm": arm, "template": core.SIMILAR}


@login_required
@require_safe
def synthesis_detail(request: PersonRequest, pk: UUID) -> HttpResponse:
    """How far it is, over which domains, what was turned down and why; the candidates, to be chosen from."""
    return _shown(request, _found(request, pk))


@login_required
@require_POST
def synthesis_cancel(request: PersonRequest, pk: UUID) -> HttpResponse:
    synthesising.cancel(actor=request.user, synthesis=_found(request, pk))
    return redirect("pages:synthesis-detail", pk)


@login_required
@require_POST
def synthesis_take(request: PersonRequest, pk: UUID) -> HttpResponse:
    """The ticked candidates go into the dataset; the import's own page says how."""
    row = _found(request, pk)
    numbers = [int(text) for text in request.POST.getlist("numbers") if text.isascii() and text.isdigit()]
    try:
        upload = synthesising.take(actor=request.user, synthesis=row, numbers=numbers)
    except InvalidInput as refusal:
        return _shown(request, row, refused=" ".join(say(text) for text in refusal.fields.values()), status=422)
    return redirect("pages:upload-detail", upload.pk)


def _shown(request: PersonRequest, row: Synthesis, *, refused: str = "", status: int = 200) -> HttpResponse:
    spread = synthesising.spread(row)
    most = max([n for _, n in spread] + [1])
    shut = None if row.is_final else why_shut(row.connection)
    allowed = allows(request.user, row.dataset.project_id, "samples.synthesise")
    context: dict[str, Any] = {
        "synthesis": row,
        "dataset": row.dataset,
        "done": min(1.0, row.verified / row.wanted),
        "spread": [{"domain": name, "n": n, "share": n / most} for name, n in spread],
        "reasons": [(say(reason), n) for reason, n in synthesising.refusals(row)],
        "candidates": row.candidates.filter(reason=""),
        "turned_down": [(one, say(synthesising.reason_of(one))) for one in row.candidates.exclude(reason="")[:REFUSED]],
        "refused": refused,
        "shut": say(shut) if shut else "",
        "may_cancel": allowed and not row.is_final,
        "may_take": allowed and row.is_final and row.taken_at is None and row.verified > 0,
    }
    return render_page(request, "synthesis/detail.html", context, status=status)


def _found(request: PersonRequest, pk: UUID) -> Synthesis:
    rows = Synthesis.objects.visible_to(request.user).select_related("dataset__project", "connection", "upload")
    return get_object_or_404(rows.defer("connection__credential"), pk=pk)

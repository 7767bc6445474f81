"""Evaluating what belongs together in the browser: who is asked what, and what that costs, before it is begun."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django import forms
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from ftstudio.accounts.policy import require
from ftstudio.errors import Conflict
from ftstudio.web.refusals import refusals_on
from ftstudio.web.render import render_page
from ftstudio.web.requests import PersonRequest
from ftstudio.web.texts import say
from jobs_app.core.cases import CASES, HELD_OUT, MOST_CASES
from jobs_app.models import Evaluation, JobFamily
from jobs_app.services import joint
from jobs_app.services.joint import Lineup

from .jobs import found as found_job


class JointForm(forms.Form):
    """Which cases, and how many."""

    side = forms.ChoiceField(
        label=gettext_lazy("Side"),
        choices=[
            ("validation", gettext_lazy("validation: the best is chosen by it")),
            ("test", gettext_lazy("test: better left for the one that was chosen")),
        ],
        initial=joint.SIDE,
    )
    n = forms.IntegerField(
        label=gettext_lazy("Cases"), min_value=1, max_value=MOST_CASES, initial=CASES,
        help_text=gettext_lazy("Fewer than 100 are a hint, fewer than 30 an anecdote."),
    )  # fmt: skip


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def checkpoints_evaluate(request: PersonRequest, pk: UUID) -> HttpResponse:
    """The checkpoints of a job on the same cases; a POST with `start` begins."""
    job = found_job(request, pk)
    require(request.user, job.project_id, "evaluations.create")

    def start(**cases: Any) -> Evaluation:
        return joint.evaluate_checkpoints(actor=request.user, job=job, **cases)

    back = (job.name, reverse("pages:job-detail", args=[pk]))
    return _page(request, lambda: joint.checkpoints_of(job), start, back)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def members_evaluate(request: PersonRequest, pk: UUID) -> HttpResponse:
    """The models of a family on the same cases; a POST with `start` begins."""
    family = get_object_or_404(JobFamily.objects.visible_to(request.user).select_related("project"), pk=pk)
    require(request.user, family.project_id, "evaluations.create")

    def start(**cases: Any) -> Evaluation:
        return joint.evaluate_members(actor=request.user, family=family, **cases)

    back = (family.name, reverse("pages:family-detail", args=[pk]))
    return _page(request, lambda: joint.members_of(family), start, back)


def _page(
    request: PersonRequest, lineup_of: Callable[[], Lineup], start: Callable[..., Evaluation], back: tuple[str, str]
) -> HttpResponse:
    """The form with what it comes to. Without rows on the validation side it begins with the test side."""
    form = JointForm(request.POST or None)
    lineup, planned, problem = None, None, ""
    try:
        lineup = lineup_of()
        if form.is_bound:
            if form.is_valid():
                with refusals_on(form):
                    if "start" in request.POST:
                        return redirect("pages:evaluation-detail", start(**form.cleaned_data).pk)
                    planned = lineup.plan(**form.cleaned_data)
        else:
            form.initial["side"] = first_side(lineup)
            planned = lineup.plan(side=form.initial["side"])
    except Conflict as refusal:
        problem = say(refusal.message)
    context = {"form": form, "lineup": lineup, "plan": planned, "problem": problem, "back": back}
    return render_page(request, "evaluations/joint.html", context, status=422 if form.errors else 200)


def first_side(lineup: Lineup) -> str:
    sizes = lineup.snapshot.sizes
    return joint.SIDE if sizes.get(joint.SIDE) else HELD_OUT[0]

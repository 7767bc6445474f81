"""Trying the contract that stands in the form, before it is saved."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from datasets_app.models import Dataset
from datasets_app.services import trials
from ftstudio.accounts.models import Project
from ftstudio.errors import InvalidInput, NotAllowed
from ftstudio.web.current import current_project
from ftstudio.web.render import render_page
from ftstudio.web.requests import PersonRequest
from ftstudio.web.texts import say

from .contract_form import ContractForm
from .forms import DatasetForm
from .trial_view import TYPED, trial_context


class TrialForm(ContractForm):
    """The contract's own fields, and what it is tried on. The rest of a dataset's form may still be empty."""

    profile = forms.CharField(max_length=40)
    base_model = forms.CharField(max_length=100, required=False)
    system_prompt = forms.CharField(required=False, strip=False)
    trial_answer = forms.CharField(label=gettext_lazy("An answer, or a whole row"), required=False, strip=False)
    trial_question = forms.CharField(label=gettext_lazy("What was asked"), required=False, strip=False)
    trial_seed = forms.IntegerField(
        label=gettext_lazy("Seed"), required=False, min_value=0, max_value=trials.LARGEST_SEED
    )


@login_required
@require_POST
def create(request: PersonRequest) -> HttpResponse:
    """Of a dataset that is not made yet: on what is pasted."""
    project = current_project(request)
    if project is None:
        raise NotAllowed(_("You belong to no project yet."))
    return _tried(request, project, None)


@login_required
@require_POST
def update(request: PersonRequest, pk: UUID) -> HttpResponse:
    """Of a dataset: on what is pasted, and on some of its samples."""
    dataset = get_object_or_404(Dataset.objects.visible_to(request.user).select_related("project"), pk=pk)
    return _tried(request, dataset.project, dataset)


def _tried(request: PersonRequest, project: Project, dataset: Dataset | None) -> HttpResponse:
    form = TrialForm(request.POST, stored=dataset.contract if dataset else None)
    trial = None
    refused: list[tuple[Any, Any]] = []  # the field, and what is wrong with it
    if form.is_valid():
        given = form.cleaned_data
        try:
            trial = trials.run(
                actor=request.user, project=project, dataset=dataset, contract=form.contract_data,
                profile=given["profile"], base_model=given["base_model"], system_prompt=given["system_prompt"],
                answer=given["trial_answer"], question=given["trial_question"], seed=given["trial_seed"] or 0,
            )  # fmt: skip
        except InvalidInput as error:
            refused = [(_LABELS.get(name, ""), say(text)) for name, text in error.fields.items()]
    else:
        refused = [
            (form.fields[name].label if name in form.fields else "", error)
            for name, errors in form.errors.items()
            for error in errors
        ]
    context: dict[str, Any] = {
        "form": DatasetForm(request.POST, dataset=dataset),
        "dataset": dataset,
        "typed": {name: request.POST.get(f"trial_{name}", "") for name in TYPED},
        "refused": refused,
        **trial_context(trial),
    }
    return render_page(request, "datasets/form.html", context, part="trial", status=422 if refused else 200)


_LABELS = {"answer": gettext_lazy("An answer, or a whole row"), "question": gettext_lazy("What was asked")}

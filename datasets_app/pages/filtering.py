"""The builder of conditions: a plain GET form that ends on the list with the condition in its address."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_safe

from datasets_app.core import conditions
from datasets_app.models import Dataset
from datasets_app.pipeline.where import Where
from ftstudio.errors import InvalidInput
from ftstudio.web.render import render_page
from ftstudio.web.requests import PersonRequest
from ftstudio.web.texts import say

from . import list_state
from .condition_form import Builder, shown


@login_required
@require_safe
def detail(request: PersonRequest, pk: UUID) -> HttpResponse:
    """The rows of the condition in the address; `do` says which button was pressed, `apply` leads to the list."""
    dataset = get_object_or_404(Dataset.objects.visible_to(request.user), pk=pk)
    state, _refused = list_state.read(request, dataset)
    problem, status = "", 200
    try:
        sent = request.GET.copy()
        if "where" not in sent:
            sent["where"] = str(state.filters.where)
        builder = Builder.read(sent)
    except InvalidInput as error:
        builder, problem, status = Builder(raw=request.GET.get("where", "")), say(error.message), 422
    verb = request.GET.get("do", "")
    if verb == "apply" and not problem:
        try:
            condition = builder.condition()
            where = Where(conditions.write(condition) if condition else "", request.user.pk)
            return redirect(state.address(filters=replace(state.filters, where=where)) + "#samples")
        except InvalidInput as error:
            problem, status = say(error.message), 422
    builder.do(verb)
    others = {name: value for name, value in state.filters.chosen().items() if name != "where"}
    context = {
        "dataset": dataset,
        "builder": shown(builder, dataset, request.user),
        "problem": problem,
        "hidden": {**others, **state.fields},
        "back": state.address(),
    }
    return render_page(request, "datasets/filter.html", context, status=status)

"""What the project may spend in a month, in the browser."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from ftstudio.accounts.policy import allows
from ftstudio.web.current import current_project
from ftstudio.web.refusals import refusals_on
from ftstudio.web.render import render_page
from ftstudio.web.requests import PersonRequest
from jobs_app.models import Budget
from jobs_app.services import budgets

from .catalog_forms import BudgetForm


@login_required
def budget_list(request: PersonRequest) -> HttpResponse:
    project = current_project(request)
    if project is None:
        raise Http404
    form = BudgetForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        with refusals_on(form):
            budgets.set_limit(actor=request.user, project=project, **form.cleaned_data)
            messages.success(request, _("Saved."))
            return redirect("pages:budget-list")
    own = {budget.currency: budget for budget in Budget.objects.filter(project=project)}
    states = budgets.state(project.pk)
    context = {
        "rows": [(spending, own.get(spending.currency)) for spending in states],
        "unbounded": [spending.currency for spending in states if spending.limit is None] if own else [],
        "month": budgets.month_start(),
        "form": form,
        "may_change": allows(request.user, project, "budgets.update"),
    }
    return render_page(request, "budgets/list.html", context, status=422 if form.errors else 200)


@login_required
@require_POST
def budget_delete(request: PersonRequest, pk: int) -> HttpResponse:
    budget = get_object_or_404(Budget.objects.visible_to(request.user).select_related("project"), pk=pk)
    budgets.remove(actor=request.user, budget=budget)
    return redirect("pages:budget-list")

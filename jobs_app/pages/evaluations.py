"""Evaluations in the browser: the list, what came of one, and what can be done with it."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.functional import SimpleLazyObject
from django.views.decorators.http import require_POST, require_safe

from datasets_app.models import Dataset
from ftstudio.accounts.policy import allows
from ftstudio.web.current import current_project
from ftstudio.web.pagination import keyset
from ftstudio.web.render import render_page
from ftstudio.web.requests import PersonRequest
from jobs_app.models import Evaluation
from jobs_app.models.asking import AskingState
from jobs_app.services import comparing, evaluations
from jobs_app.services.evaluation_lists import Wanted, models_of, with_arms

from . import gates
from .evaluation_detail import context_of
from .evaluation_rows import rows_of

SIZE = 25


@login_required
@require_safe
def evaluation_list(request: PersonRequest) -> HttpResponse:
    """The project's evaluations, the newest first. No answer is read for it."""
    project = current_project(request)
    everything = Evaluation.objects.visible_to(request.user).filter(project=project)
    wanted = Wanted.of(request.GET.dict())
    page = keyset(
        with_arms(wanted.within(everything).select_related("dataset")),
        cursor=request.GET.get("cursor", ""), size=SIZE, key="number", newest_first=True,
    )  # fmt: skip
    context: dict[str, Any] = {
        "page": page,
        "rows": rows_of(page.rows),
        "wanted": wanted,
        "states": AskingState.choices,
        "datasets": SimpleLazyObject(
            lambda: Dataset.objects.filter(project=project, evaluations__isnull=False).distinct()
        ),
        "models": SimpleLazyObject(lambda: models_of(everything)),
        "live": any(not row.is_final for row in page.rows),
        "may_create": project is not None and allows(request.user, project, "evaluations.create"),
    }
    return render_page(request, "evaluations/list.html", context)


@login_required
@require_safe
def evaluation_detail(request: PersonRequest, pk: UUID) -> HttpResponse:
    """How far it is; once it has ended, what came of it, of the two arms and the metric that the address names."""
    evaluation = _found(request, pk)
    standings = gates.of_evaluation(request.user, evaluation) if evaluation.is_final else []
    context = {**context_of(request, evaluation), "standings": standings, "client_id": uuid4().hex}
    return render_page(request, "evaluations/detail.html", context)


@login_required
@require_POST
def evaluation_cancel(request: PersonRequest, pk: UUID) -> HttpResponse:
    evaluations.cancel(actor=request.user, evaluation=_found(request, pk))
    return redirect("pages:evaluation-detail", pk)


@login_required
@require_POST
def evaluation_again(request: PersonRequest, pk: UUID) -> HttpResponse:
    client_id = request.POST.get("client_id", "")[:40] or None
    made = evaluations.again(actor=request.user, evaluation=_found(request, pk), client_id=client_id)
    return redirect("pages:evaluation-detail", made.pk)


@login_required
@require_POST
def evaluation_retry(request: PersonRequest, pk: UUID) -> HttpResponse:
    evaluations.retry_errored(actor=request.user, evaluation=_found(request, pk))
    return redirect("pages:evaluation-detail", pk)


@login_required
@require_safe
def evaluation_table(request: PersonRequest, pk: UUID) -> HttpResponse:
    """Every case and arm as a line of CSV, with a byte order mark, for spreadsheets."""
    evaluation = _found(request, pk)
    answer = HttpResponse("\ufeff" + comparing.to_csv(evaluation), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="evaluation-{evaluation.number}.csv"'
    return answer


def _found(request: PersonRequest, pk: UUID) -> Evaluation:
    rows = Evaluation.objects.visible_to(request.user)
    return get_object_or_404(rows.select_related("project", "dataset__project", "snapshot", "advice", "family"), pk=pk)

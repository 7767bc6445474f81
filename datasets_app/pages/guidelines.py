"""The guideline: read it, see what each version changed, write the next one, and what disputes ask it to say."""

from __future__ import annotations

from collections import Counter
from typing import Any
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from datasets_app.core import diffs
from datasets_app.models import Adjudication, Dataset
from datasets_app.models.adjudication import TO_DO
from datasets_app.services import adjudications, guidelines
from ftstudio.accounts.policy import allows
from ftstudio.errors import Conflict, InvalidInput
from ftstudio.web.refusals import status_of
from ftstudio.web.render import render_page
from ftstudio.web.requests import PersonRequest
from ftstudio.web.texts import say

VERSIONS, ENTRIES = 50, 50


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def detail(request: PersonRequest, pk: UUID) -> HttpResponse:
    """The version in force, a form for the next, the earlier ones and the to-do list; POST publishes."""
    dataset = get_object_or_404(Dataset.objects.visible_to(request.user).select_related("project"), pk=pk)
    if request.method != "POST":
        return render_page(request, "guidelines/detail.html", _context(request, dataset))
    base = request.POST.get("base", "")
    try:
        guidelines.publish(
            actor=request.user, dataset=dataset, text=request.POST.get("text", ""), note=request.POST.get("note", ""),
            base=int(base) if base.isdecimal() and len(base) < 10 else None,
        )  # fmt: skip
    except (InvalidInput, Conflict) as error:
        typed = {
            "text": request.POST.get("text", ""),
            "note": request.POST.get("note", ""),
            "problem": say(error.message),
        }
        context = _context(request, dataset, typed=typed, theirs=error.details.get("theirs"))
        return render_page(request, "guidelines/detail.html", context, status=status_of(error))
    return redirect("pages:guideline", dataset.pk)


@login_required
@require_safe
def version(request: PersonRequest, pk: UUID, number: int) -> HttpResponse:
    """One version against the one before it."""
    dataset = get_object_or_404(Dataset.objects.visible_to(request.user).select_related("project"), pk=pk)
    kept = guidelines.versions(dataset)
    shown = get_object_or_404(kept, number=number)
    before = kept.filter(number__lt=number).first()
    ops = diffs.diff(before.text, shown.text) if before else diffs.diff(shown.text, shown.text)
    return render_page(
        request,
        "guidelines/version.html",
        {"dataset": dataset, "version": shown, "before": before, "ops": ops, "may": _may(request, dataset)},
    )


def _may(request: PersonRequest, dataset: Dataset) -> bool:
    return allows(request.user, dataset.project_id, "guidelines.update")


def _context(request: PersonRequest, dataset: Dataset, typed: Any = None, theirs: str | None = None) -> dict[str, Any]:
    dataset.refresh_from_db(fields=["guideline", "guideline_version"])
    older = guidelines.decided_before(dataset)
    where = urlencode({"where": f"guideline.max({dataset.guideline_version - 1})"})
    to_do, causes = _to_do(dataset, request.GET.get("cause", ""))
    return {
        "dataset": dataset,
        "versions": list(guidelines.versions(dataset)[:VERSIONS]),
        "may": _may(request, dataset),
        "may_bulk": allows(request.user, dataset.project_id, "bulk_changes.prepare"),
        "typed": typed or {"text": dataset.guideline, "note": "", "problem": ""},
        "theirs": diffs.diff(typed["text"], theirs) if typed and theirs is not None else None,
        "older": older,
        "older_url": f"{reverse('pages:dataset-detail', args=[dataset.pk])}?{where}",
        "reopen_url": f"{reverse('pages:bulk-change-create', args=[dataset.pk])}?{where}&kind=status",
        "to_do": to_do,
        "causes": causes,
        "title": _("Guideline"),
    }


def _to_do(dataset: Dataset, cause: str) -> tuple[list[Adjudication], list[dict[str, Any]]]:
    """What disputes ask the guideline to say, of one cause or of all, and the causes as tabs with their numbers."""
    waiting = adjudications.listed(dataset, to_do=True)
    counted = Counter(waiting.order_by().values_list("cause", flat=True))
    if not counted:
        return [], []
    tabs = [("", _("All"), counted.total()), *((one.value, str(one.label), counted[one]) for one in TO_DO)]
    shown = cause if cause in counted else ""
    rows = waiting.filter(cause=shown) if shown else waiting
    causes = [
        {"value": value, "label": label, "n": n, "current": value == shown} for value, label, n in tabs if n
    ]  # fmt: skip
    return list(rows[:ENTRIES]), causes

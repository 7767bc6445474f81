"""Families of jobs in the browser: one table of what differs and what came of it, one button to launch them all."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from ftstudio.accounts.policy import allows
from ftstudio.errors import NotAllowed, Text
from ftstudio.web.current import current_project
from ftstudio.web.refusals import refusals_on
from ftstudio.web.render import render_page
from ftstudio.web.requests import PersonRequest
from ftstudio.web.texts import say
from jobs_app.core import points_chart
from jobs_app.core.preflight import QUESTIONS
from jobs_app.models import JobFamily
from jobs_app.providers import PROVIDERS
from jobs_app.services import families

KINDS = {
    "sweep": Text("Sweep"),
    "learning-curve": Text("Learning curve"),
    "formats": Text("Two formats"),
}
LISTED = 100


class LaunchForm(forms.Form):
    """The pre-flight questions for all of them, and a reason for errors that may pass."""

    waive = forms.CharField(label=gettext_lazy("Why errors in the data may pass"), required=False, max_length=300)
    confirm = forms.BooleanField(label=gettext_lazy("What the settings come to is meant"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, label in QUESTIONS.items():
            self.fields[f"answer_{name}"] = forms.BooleanField(label=say(label), required=False)

    @property
    def questions(self) -> list[Any]:
        return [self[f"answer_{name}"] for name in QUESTIONS]


def found(request: PersonRequest, pk: UUID) -> JobFamily:
    rows = JobFamily.objects.visible_to(request.user).select_related("project", "created_by")
    return get_object_or_404(rows, pk=pk)


@login_required
@require_safe
def family_list(request: PersonRequest) -> HttpResponse:
    project = current_project(request)
    if project is None:
        raise NotAllowed(_("You belong to no project yet."))
    rows = JobFamily.objects.filter(project=project).select_related("created_by").prefetch_related("jobs")[:LISTED]
    context = {"rows": [(row, say(KINDS.get(row.kind, row.kind)), len(row.jobs.all())) for row in rows]}
    return render_page(request, "families/list.html", context)


@login_required
@require_safe
def family_detail(request: PersonRequest, pk: UUID) -> HttpResponse:
    return _page(request, found(request, pk), LaunchForm())


@login_required
@require_POST
def family_launch(request: PersonRequest, pk: UUID) -> HttpResponse:
    family = found(request, pk)
    form = LaunchForm(request.POST)
    if form.is_valid():
        with refusals_on(form):
            reason = form.cleaned_data["waive"].strip()
            families.launch(
                actor=request.user,
                family=family,
                waive={"reason": reason} if reason else None,
                confirm=("exposures",) if form.cleaned_data["confirm"] else (),
                answers={name: form.cleaned_data[f"answer_{name}"] for name in QUESTIONS},
            )
            return redirect("pages:family-detail", pk)
    return _page(request, family, form)


@login_required
@require_safe
def family_csv(request: PersonRequest, pk: UUID) -> HttpResponse:
    family = found(request, pk)
    answer = HttpResponse(families.to_csv(family), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="family-{family.pk}.csv"'
    return answer


def _page(request: PersonRequest, family: JobFamily, form: LaunchForm) -> HttpResponse:
    members = families.members_of(family)
    labels = {one.name: say(one.label) for provider in PROVIDERS.values() for one in provider.parameters}
    labels |= {"codec": _("format"), "train_percent": _("share of the rows, %")}
    axes = families.axes_of(family)
    sort = request.GET.get("sort", "")
    rows = sorted(members, key=_key(sort, axes)) if sort.lstrip("-") in {*_KEYS, *axes} else members
    if sort.startswith("-"):
        rows = rows[::-1]
    compare = "&".join(f"job={one.job.pk}" for one in members if not one.job.is_draft)
    context = {
        "family": family,
        "kind": say(KINDS.get(family.kind, family.kind)),
        "axes": [(name, labels.get(name, name)) for name in axes],
        "rows": [(one, [one.values.get(name) for name in axes]) for one in rows],
        "best": min((one.best_valid for one in members if one.best_valid is not None), default=None),
        "sort": sort,
        "total": families.total_of(family),
        "form": form,
        "asks": any(one.job.is_draft and one.job.answers for one in members),
        "errors_in_data": any(
            one.job.is_draft and one.job.snapshot and one.job.snapshot.counts.get("errors") for one in members
        ),
        "live": any(not one.job.is_draft and not one.job.is_final for one in members),
        "compare": compare if sum(not one.job.is_draft for one in members) > 1 else "",
        "chart": _chart(family, members),
        "trained": any(one.job.result_model for one in members),
        "may_launch": allows(request.user, family.project_id, "jobs.launch"),
    }
    return render_page(request, "families/detail.html", context, status=422 if form.errors else 200)


_KEYS = {
    "name": lambda one: one.job.name,
    "valid": lambda one: (one.best_valid is None, one.best_valid or 0),
    "train": lambda one: (one.final_train is None, one.final_train or 0),
    "cost": lambda one: (one.job.cost is None, one.job.cost or 0),
    "time": lambda one: (one.seconds is None, one.seconds or 0),
    "rows": lambda one: one.rows,
}


def _key(sort: str, axes: list[str]) -> Any:
    name = sort.lstrip("-")
    if name in _KEYS:
        return _KEYS[name]

    def by_axis(one: families.Member) -> tuple[bool, float, str]:
        value = one.job.recipe.get(name, one.values.get(name))
        number = value if isinstance(value, int | float) else 0
        return not isinstance(value, int | float), number, str(value)

    return by_axis


def _chart(family: JobFamily, members: list[families.Member]) -> str:
    """The metric against the number of rows, for learning curves with figures."""
    points = [(one.rows, one.best_valid) for one in members if one.best_valid is not None]
    if family.kind != "learning-curve" or len(points) < 2:
        return ""
    drawn = points_chart.draw(
        points,
        title=_("Best validation loss by training rows"),
        description="; ".join(f"{rows}: {value:.3f}" for rows, value in points),
        x_word=_("training rows"),
        y_word=_("best validation loss"),
    )
    return mark_safe(drawn)

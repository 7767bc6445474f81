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
from ftstudio.web.texts import clauses, say
from jobs_app.core import charts
from jobs_app.core.guards import ASKING
from jobs_app.core.preflight_facts import QUESTIONS
from jobs_app.models import JobFamily
from jobs_app.providers import PROVIDERS
from jobs_app.services import families
from jobs_app.services.marks import Scored, of_family

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
                confirm=ASKING if form.cleaned_data["confirm"] else (),
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
    scored = of_family(family)
    members = families.members_of(family, scored)
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
        "scored": scored,
        "top": max((one.score.value for one in members if one.score), default=None),
        "several": sum(one.job.state == "succeeded" for one in members) > 1,
        "may_evaluate": allows(request.user, family.project_id, "evaluations.create"),
        "chart": _chart(family, members, scored),
        "trained": any(one.job.result_model for one in members),
        "may_launch": allows(request.user, family.project_id, "jobs.launch"),
    }
    return render_page(request, "families/detail.html", context, status=422 if form.errors else 200)


_KEYS = {
    "name": lambda one: one.job.name,
    "valid": lambda one: (one.best_valid is None, one.best_valid or 0),
    "train": lambda one: (one.final_train is None, one.final_train or 0),
    "score": lambda one: (one.score is None, -one.score.value if one.score else 0),
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


def _chart(family: JobFamily, members: list[families.Member], scored: Scored | None) -> str:
    """The task's metric with its intervals, and the best validation loss, against the number of training rows; for
    learning curves with figures."""
    losses = sorted((one.rows, one.best_valid) for one in members if one.best_valid is not None)
    marks = sorted(((one.rows, one.score) for one in members if one.score), key=lambda pair: pair[0])
    if family.kind != "learning-curve" or max(len(losses), len(marks)) < 2:
        return ""
    panels, told = [], []
    if scored is not None and marks:
        name = say(scored.label)
        bounds = [(rows, one.low, one.high) for rows, one in marks if one.low is not None and one.high is not None]
        points = [(rows, one.value) for rows, one in marks]
        line = charts.Line(name, "score", points, names="", intervals=bounds, values=True)
        panels.append(charts.Panel(_("%(metric)s, with 95 %% interval") % {"metric": name}, [line], 200, share=True))
        told += [f"{rows}: {100 * one.value:.1f} %" for rows, one in marks]
    if losses:
        line = charts.Line("", "valid", losses, names="", values=True)
        panels.append(charts.Panel(_("Best validation loss, which has no interval"), [line], 150))
        told += [f"{rows}: {value:.3f}" for rows, value in losses]
    drawn = charts.draw(
        panels,
        title=_("What more training rows bring"),
        description=clauses(told),
        axis_word=_("rows"),
        ident="learning",
    )
    return mark_safe(drawn)

"""Making jobs from a job: in another format, elsewhere, going on from its model, several at once."""

from __future__ import annotations

import re
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from ftstudio.accounts.policy import allows, require
from ftstudio.web.refusals import refusals_on
from ftstudio.web.render import render_page
from ftstudio.web.requests import PersonRequest
from ftstudio.web.texts import say
from jobs_app.core import lifecycle
from jobs_app.core.translate import Side, translate
from jobs_app.models import Connection, Job
from jobs_app.providers import PROVIDERS
from jobs_app.services import clones, families

from .advice_forms import connections_for
from .drafting import JSON_ONLY

BETWEEN = re.compile(r"[,;\s，；、]+")


class ElsewhereForm(forms.Form):
    connection = forms.ModelChoiceField(
        label=gettext_lazy("Connection"), queryset=Connection.objects.none(), empty_label=None
    )
    base_model = forms.CharField(
        label=gettext_lazy("Base model"), max_length=200, required=False,
        help_text=gettext_lazy("Leave empty to choose it on the draft."),
    )  # fmt: skip

    def __init__(self, *args: Any, user: Any, job: Job, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        connection: Any = self.fields["connection"]
        connection.queryset = connections_for(user, job.project_id).exclude(pk=job.connection_id)


class SweepForm(forms.Form):
    """One line of values for each setting that the provider has."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=200)

    def __init__(self, *args: Any, job: Job, **kwargs: Any) -> None:
        kwargs["initial"] = {"name": job.name}
        super().__init__(*args, **kwargs)
        self.settings = families.sweepable(job)
        for one in self.settings:
            now = job.recipe.get(one.name)
            self.fields[f"axis_{one.name}"] = forms.CharField(
                label=say(one.label), required=False, max_length=300,
                widget=forms.TextInput(attrs={"placeholder": "" if now is None else str(now), "autocomplete": "off"}),
            )  # fmt: skip

    def axes(self) -> dict[str, list[str]]:
        given = {one.name: self.cleaned_data[f"axis_{one.name}"] for one in self.settings}
        return {name: [part for part in BETWEEN.split(text) if part] for name, text in given.items() if text.strip()}


def acts_of(request: PersonRequest, job: Job) -> dict[str, Any]:
    """What can be made from a job: the context of `jobs/_making.html` and `jobs/_elsewhere.html`."""
    return {
        "other_formats": [
            name for name in clones.formats_of(job) if name != clones.format_of(job) and _fits(job, name)
        ],
        "may_chain": bool(clones.methods_after(job)),
        "may_sweep": len(families.sweepable(job)) > 0,
        "may_make": allows(request.user, job.project_id, "jobs.create"),
        "closed": is_closed(job),
        "other_connections": Connection.objects.filter(project_id=job.project_id)
        .exclude(pk=job.connection_id)
        .exists(),
    }


def _fits(job: Job, codec: str) -> bool:
    """Whether the job's data can be written so: JSON needs a contract that names it."""
    return codec not in JSON_ONLY or bool(job.snapshot and (job.snapshot.contract or {}).get("json"))


def is_closed(job: Job) -> bool:
    """Whether the provider has refused this organisation for good: the job has to go elsewhere."""
    refused = job.state == lifecycle.FAILED and (job.error or {}).get("code") == "provider_closed"
    return refused or job.connection.stopped == "closed"


def found(request: PersonRequest, pk: UUID) -> Job:
    rows = Job.objects.visible_to(request.user).select_related("connection", "snapshot__dataset", "project")
    return get_object_or_404(rows, pk=pk)


@login_required
@require_POST
def job_format(request: PersonRequest, pk: UUID) -> HttpResponse:
    codec = request.POST.get("codec", "")
    twin = clones.into_format(actor=request.user, job=found(request, pk), codec=codec)
    return redirect("pages:family-detail", twin.family_id)


@login_required
def job_elsewhere(request: PersonRequest, pk: UUID) -> HttpResponse:
    """Choose where to, see what becomes of each setting, then make the draft there."""
    job = found(request, pk)
    require(request.user, job.project_id, "jobs.create")
    form = ElsewhereForm(request.POST or None, user=request.user, job=job)
    if request.method == "POST" and "preview" not in request.POST and form.is_valid():
        with refusals_on(form):
            twin, moved = clones.into_connection(actor=request.user, job=job, **form.cleaned_data)
            lost = [line for line in moved.lines if line.kind != "carried"]
            for line in lost:
                messages.info(request, say(line.says))
            return redirect("pages:job-update", twin.pk)
    chosen: Any = form.cleaned_data.get("connection") if form.is_bound and form.is_valid() else None
    chosen = chosen or form.fields["connection"].queryset.first()  # type: ignore[attr-defined]
    context = {"job": job, "form": form, "chosen": chosen, "lines": _lines(job, chosen), "closed": is_closed(job)}
    wrong = bool(form.errors) and "preview" not in request.POST
    return render_page(request, "jobs/elsewhere.html", context, status=422 if wrong else 200)


def _lines(job: Job, connection: Connection | None) -> list[Any]:
    if connection is None or connection.kind not in PROVIDERS or job.connection.kind not in PROVIDERS:
        return []
    here, there = (
        Side(one.kind, say(PROVIDERS[one.kind].label), tuple(PROVIDERS[one.kind].parameters))
        for one in (job.connection, connection)
    )
    return list(translate(job.recipe, here, there).lines)


@login_required
@require_POST
def job_chain(request: PersonRequest, pk: UUID) -> HttpResponse:
    twin = clones.chain(actor=request.user, job=found(request, pk))
    return redirect("pages:job-update", twin.pk)


@login_required
def job_sweep(request: PersonRequest, pk: UUID) -> HttpResponse:
    job = found(request, pk)
    require(request.user, job.project_id, "jobs.create")
    form = SweepForm(request.POST or None, job=job)
    if request.method == "POST" and form.is_valid():
        with refusals_on(form, lambda name: f"axis_{name}" if f"axis_{name}" in form.fields else name):
            family = families.sweep(actor=request.user, job=job, axes=form.axes(), name=form.cleaned_data["name"])
            return redirect("pages:family-detail", family.pk)
    context = {"job": job, "form": form, "settings": [form[f"axis_{one.name}"] for one in form.settings],
               "most": families.MOST_JOBS}  # fmt: skip
    return render_page(request, "jobs/sweep.html", context, status=422 if form.errors else 200)


@login_required
@require_POST
def job_learning_curve(request: PersonRequest, pk: UUID) -> HttpResponse:
    family = families.learning_curve(actor=request.user, job=found(request, pk))
    messages.success(request, _("Drafts on a quarter, half and all of the training rows."))
    return redirect("pages:family-detail", family.pk)

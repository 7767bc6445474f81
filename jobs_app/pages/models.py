"""The registry of tuned models in the browser."""

from __future__ import annotations

from contextlib import nullcontext
from datetime import datetime
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from datasets_app.models import Snapshot
from datasets_app.models.snapshot import SnapshotState
from ftstudio.accounts.models import Project, User
from ftstudio.accounts.policy import allows, require
from ftstudio.errors import Conflict, NotAllowed
from ftstudio.web.current import current_project
from ftstudio.web.navigation import url_or_none
from ftstudio.web.refusals import refusals_on
from ftstudio.web.render import render_page
from ftstudio.web.requests import PersonRequest
from ftstudio.web.texts import say
from jobs_app.models import Checkpoint, Connection, ModelVersion
from jobs_app.services import catalog, deployments, models
from jobs_app.services.listing import in_order, seek

from . import gates
from .calling import call_of
from .evaluation_rows import rows_for
from .jobs import found

SIZE = 50
STAGE_LABELS = {
    models.CANDIDATE: gettext_lazy("candidate"),
    models.PRODUCTION: gettext_lazy("in production"),
    models.RETIRED: gettext_lazy("retired"),
}


class ModelForm(forms.Form):
    """What may be changed about a version."""

    alias = forms.CharField(
        label=gettext_lazy("Alias"),
        max_length=100,
        help_text=gettext_lazy("What callers name it by, unique in the project. No spaces, / or @."),
    )
    stage = forms.ChoiceField(
        label=gettext_lazy("Stage"),
        choices=list(STAGE_LABELS.items()),
        help_text=gettext_lazy("One version of a task is in production; ALIAS@production follows it."),
    )
    note = forms.CharField(label=gettext_lazy("Note"), max_length=300, required=False)


class ElsewhereForm(forms.Form):
    """A model that was tuned without us."""

    connection = forms.ModelChoiceField(
        label=gettext_lazy("Connection"), queryset=Connection.objects.none(), empty_label=gettext_lazy("choose …")
    )
    model = forms.CharField(
        label=gettext_lazy("Model"), max_length=200, help_text=gettext_lazy("The id that the provider calls it by.")
    )
    base_model = forms.CharField(label=gettext_lazy("Base model"), max_length=200, required=False)
    snapshot = forms.ModelChoiceField(
        label=gettext_lazy("Trained on"),
        queryset=Snapshot.objects.none(),
        empty_label=gettext_lazy("choose …"),
        help_text=gettext_lazy("This snapshot, or the nearest there is: its rules and prompt are how it is called."),
    )
    alias = forms.CharField(label=gettext_lazy("Alias"), max_length=100, required=False)
    note = forms.CharField(label=gettext_lazy("Note"), max_length=300, required=False)

    def __init__(self, *args: Any, user: User, project: Project, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        connections = Connection.objects.visible_to(user).filter(project=project).select_related("project")
        snapshots = Snapshot.objects.visible_to(user).filter(dataset__project=project, state=SnapshotState.READY)
        self.fields["connection"].queryset = connections.defer("credential")  # type: ignore[attr-defined]
        self.fields["snapshot"].queryset = snapshots.select_related("dataset__project")  # type: ignore[attr-defined]


def _visible(request: PersonRequest) -> Any:
    rows = ModelVersion.objects.visible_to(request.user)
    related = rows.select_related("connection", "project", "checkpoint", "job__snapshot__dataset", "job__parent")
    return related.defer("connection__credential", "connection__secrets", "job__raw", "job__contract")


@login_required
@require_safe
def model_list(request: PersonRequest) -> HttpResponse:
    """Every version of the project, the newest first; retired ones on a tab of their own."""
    project = current_project(request)
    stage = request.GET.get("stage", "")
    everything = _visible(request).filter(project=project)
    rows = everything.filter(stage=stage) if stage in models.STAGES else everything.exclude(stage=models.RETIRED)
    if q := request.GET.get("q", "").replace("\x00", "").strip()[:100]:
        rows = rows.filter(alias__icontains=q) | rows.filter(model__icontains=q)
    keys, later = seek(
        rows, column="created_at", kind=datetime, descending=True, cursor=request.GET.get("cursor", ""), size=SIZE
    )
    shown = in_order(everything, keys)
    until = catalog.sunsets(project.pk, {one.pk: _called(one) for one in shown}) if project else {}
    context = {
        "models": [(one, until.get(one.pk)) for one in shown],
        "later": later,
        "is_first": not request.GET.get("cursor"),
        "stage": stage if stage in models.STAGES else "",
        "stages": STAGE_LABELS.items(),
        "q": q,
        "may_register": project is not None and allows(request.user, project, "models.register"),
    }
    return render_page(request, "models/list.html", context)


@login_required
@require_safe
def model_detail(request: PersonRequest, pk: UUID) -> HttpResponse:
    return _page(request, _found(request, pk))


@login_required
@require_POST
def model_update(request: PersonRequest, pk: UUID) -> HttpResponse:
    model = _found(request, pk)
    form = ModelForm(request.POST)
    if form.is_valid():
        return _changed(request, model, form, **form.cleaned_data)
    return _page(request, model, form)


@login_required
@require_POST
def model_promote(request: PersonRequest, pk: UUID) -> HttpResponse:
    """Into production, through the release gate; `reason` is why an owner does without it."""
    model = _found(request, pk)
    return _changed(request, model, None, stage=models.PRODUCTION, override=request.POST.get("reason", ""))


def _changed(request: PersonRequest, model: ModelVersion, form: ModelForm | None, **changes: Any) -> HttpResponse:
    """Change a version and show it; what the gate refuses is shown on its page, with the gate."""
    try:
        with refusals_on(form) if form else nullcontext():
            models.update(actor=request.user, model=model, **changes)
            messages.success(request, _("Saved."))
            return redirect("pages:model-detail", model.pk)
    except Conflict as refusal:
        if refusal.code != "gate":
            raise
        return _page(request, model, form, refused=say(refusal.message))
    return _page(request, model, form)


@login_required
def model_register(request: PersonRequest) -> HttpResponse:
    """Take in a model that was tuned elsewhere."""
    project = current_project(request)
    if project is None:
        raise NotAllowed(_("You belong to no project yet."))
    require(request.user, project, "models.register")
    form = ElsewhereForm(request.POST or None, user=request.user, project=project)
    if request.method == "POST" and form.is_valid():
        with refusals_on(form):
            model = models.register_elsewhere(actor=request.user, **form.cleaned_data)
            return redirect("pages:model-detail", model.pk)
    return render_page(request, "models/register.html", {"form": form}, status=422 if form.errors else 200)


@login_required
@require_POST
def checkpoint_register(request: PersonRequest, pk: UUID, checkpoint: int) -> HttpResponse:
    rows = Checkpoint.objects.select_related("job__project", "job__connection")
    row = get_object_or_404(rows, job=found(request, pk), pk=checkpoint)
    model = models.register_checkpoint(actor=request.user, checkpoint=row, alias=request.POST.get("alias", ""))
    return redirect("pages:model-detail", model.pk)


def _called(model: ModelVersion) -> tuple[Connection, str, str]:
    return model.connection, model.model, model.job.base_model


def _found(request: PersonRequest, pk: UUID) -> ModelVersion:
    model: ModelVersion = get_object_or_404(_visible(request), pk=pk)
    return model


def _page(
    request: PersonRequest, model: ModelVersion, form: ModelForm | None = None, refused: str = ""
) -> HttpResponse:
    now = {"alias": model.alias, "stage": model.stage, "note": model.note}
    named = dict(ModelVersion.objects.filter(job=model.job_id).values_list("model", "pk"))
    steps = model.job.checkpoints.order_by("-step")[:20]
    until = catalog.sunsets(model.project_id, {model.pk: _called(model)})
    context = {
        "model": model,
        "job": model.job,
        "call": call_of(model.connection, model.called, model.contract, base_model=model.job.base_model),
        "form": form or ModelForm(initial=now),
        "may_update": allows(request.user, model.project_id, "models.update"),
        "can_deploy": deployments.can_deploy(model),
        "may_deploy": allows(request.user, model.project_id, "models.deploy"),
        "deployment_name": deployments.default_name(model),
        "may_register": allows(request.user, model.project_id, "models.register"),
        "stage_label": STAGE_LABELS.get(model.stage, model.stage),
        "history": models.history(model),
        "checkpoints": [(one, named.get(one.model)) for one in steps if one.model],
        "until": until.get(model.pk),
        "origins": models.origins(model),
        "seen": gates.seen(request.user, model),
        "refused": refused,
        "playground": url_or_none("pages:playground"),
        "evaluations": rows_for(request.user, version=str(model.pk)),
    }
    status = 409 if refused else 422 if form and form.errors else 200
    return render_page(request, "models/detail.html", context, status=status)

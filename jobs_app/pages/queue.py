"""The queue in the browser, jobs that are carried out by hand, deployments, and connections that were stopped."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages as notices
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from ftstudio.errors import InvalidInput
from ftstudio.web.requests import PersonRequest
from jobs_app.models import Connection, Job, ModelVersion
from jobs_app.services import connections, deployments, manual, queue

from .jobs import found


class MoveForm(forms.Form):
    before = forms.ModelChoiceField(Job.objects.none(), required=False)
    after = forms.ModelChoiceField(Job.objects.none(), required=False)

    def __init__(self, data: Any, *, job: Job) -> None:
        super().__init__(data)
        for name in ("before", "after"):
            self.fields[name].queryset = Job.objects.filter(connection_id=job.connection_id)  # type: ignore[attr-defined]


class HoldForm(forms.Form):
    until = forms.DateTimeField(required=False, label=gettext_lazy("Not before"))


class FollowForm(forms.Form):
    after = forms.ModelChoiceField(Job.objects.none(), required=False)
    step = forms.IntegerField(required=False, min_value=0)

    def __init__(self, data: Any, *, job: Job) -> None:
        super().__init__(data)
        self.fields["after"].queryset = Job.objects.filter(project_id=job.project_id)  # type: ignore[attr-defined]


class RegisterForm(forms.Form):
    model = forms.CharField(max_length=200, label=gettext_lazy("Id of the tuned model"))
    trained_tokens = forms.IntegerField(required=False, min_value=0, label=gettext_lazy("Trained tokens"))
    cost = forms.DecimalField(required=False, min_value=0, label=gettext_lazy("Cost"))
    currency = forms.CharField(max_length=3, required=False, label=gettext_lazy("Currency"))


class FailForm(forms.Form):
    reason = forms.CharField(max_length=300, label=gettext_lazy("What the console says"))


class DeployForm(forms.Form):
    name = forms.CharField(max_length=63, required=False, label=gettext_lazy("Name of the deployment"))


@login_required
@require_POST
def job_move(request: PersonRequest, pk: UUID) -> HttpResponse:
    job = found(request, pk)
    return _done(request, job, queue.move, MoveForm(request.POST, job=job))


@login_required
@require_POST
def job_hold(request: PersonRequest, pk: UUID) -> HttpResponse:
    return _done(request, found(request, pk), queue.hold, HoldForm(request.POST))


@login_required
@require_POST
def job_release(request: PersonRequest, pk: UUID) -> HttpResponse:
    return _done(request, found(request, pk), queue.release, forms.Form(request.POST))


@login_required
@require_POST
def job_follow(request: PersonRequest, pk: UUID) -> HttpResponse:
    job = found(request, pk)
    return _done(request, job, queue.follow, FollowForm(request.POST, job=job))


@login_required
@require_POST
def job_register(request: PersonRequest, pk: UUID) -> HttpResponse:
    return _done(request, found(request, pk), manual.register, RegisterForm(request.POST))


@login_required
@require_POST
def job_fail(request: PersonRequest, pk: UUID) -> HttpResponse:
    return _done(request, found(request, pk), manual.fail, FailForm(request.POST))


@login_required
@require_POST
def model_deploy(request: PersonRequest, pk: UUID) -> HttpResponse:
    rows = ModelVersion.objects.visible_to(request.user).select_related("connection", "project")
    model = get_object_or_404(rows, pk=pk)
    deployments.deploy(actor=request.user, model=model, **_read(DeployForm(request.POST)))
    notices.success(request, _("The provider is asked to deploy the model. That may take some minutes."))
    return redirect("pages:model-detail", pk)


@login_required
@require_POST
def connection_resume(request: PersonRequest, pk: UUID) -> HttpResponse:
    rows = Connection.objects.visible_to(request.user).select_related("project").defer("credential")
    connection = get_object_or_404(rows, pk=pk)
    connections.resume(actor=request.user, connection=connection)
    notices.success(request, _("What waits for this connection is sent again."))
    return redirect("pages:connection-update", pk)


def _done(request: PersonRequest, job: Job, verb: Callable[..., Any], form: forms.Form) -> HttpResponse:
    verb(actor=request.user, job=job, **_read(form))
    if request.POST.get("back") == "queue":
        return redirect("pages:job-queue")
    return redirect("pages:job-detail", job.pk)


def _read(form: forms.Form) -> dict[str, Any]:
    """What was entered. What cannot be read is refused as the services refuse what cannot be used."""
    if not form.is_valid():
        raise InvalidInput.of({name: " ".join(map(str, errors)) for name, errors in form.errors.items()})
    return {name: value for name, value in form.cleaned_data.items() if value is not None}

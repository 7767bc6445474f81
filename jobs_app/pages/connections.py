"""Provider accounts in the browser."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from ftstudio.accounts.policy import allows, require
from ftstudio.errors import NotAllowed
from ftstudio.web.current import current_project
from ftstudio.web.refusals import refusals_on
from ftstudio.web.render import render_page
from ftstudio.web.requests import PersonRequest
from jobs_app.models import Connection
from jobs_app.providers import PROVIDERS
from jobs_app.services import connections

from .connection_forms import ConnectionForm, chosen


@login_required
@require_safe
def connection_list(request: PersonRequest) -> HttpResponse:
    project = current_project(request)
    rows = Connection.objects.visible_to(request.user).filter(project=project)
    context = {
        "connections": rows.defer("credential", "secrets", "webhook_secret"),
        "may_add": project is not None and allows(request.user, project, "connections.create"),
        "may_resume": project is not None and allows(request.user, project, "connections.resume"),
    }
    return render_page(request, "connections/list.html", context)


@login_required
def connection_create(request: PersonRequest) -> HttpResponse:
    project = current_project(request)
    if project is None:
        raise NotAllowed(_("You belong to no project yet."))
    require(request.user, project, "connections.create")
    kind = chosen([request.POST.get("kind"), request.GET.get("kind")])
    if "choose" in request.POST:  # another provider was chosen: its fields, with what was typed so far
        typed = {name: request.POST.get(name, "") for name in ("name", "kind")}
        return _form_page(request, ConnectionForm(kind=kind, initial=typed), None)
    form = ConnectionForm(request.POST or None, kind=kind)
    if request.method == "POST" and form.is_valid():
        with refusals_on(form):
            connection = connections.create(actor=request.user, project=project, **form.given())
            return redirect("pages:connection-update", connection.pk)
    return _form_page(request, form, None)


@login_required
def connection_update(request: PersonRequest, pk: UUID) -> HttpResponse:
    connection = _found(request, pk)
    if connection.kind not in PROVIDERS:
        return _form_page(request, None, connection)
    form = ConnectionForm(request.POST or None, kind=connection.kind, connection=connection)
    if request.method == "POST" and form.is_valid():
        with refusals_on(form):
            connections.update(actor=request.user, connection=connection, **form.given())
            messages.success(request, _("Saved."))
            return redirect("pages:connection-update", connection.pk)
    return _form_page(request, form, connection)


@login_required
@require_POST
def connection_probe(request: PersonRequest, pk: UUID) -> HttpResponse:
    connection = connections.probe(actor=request.user, connection=_found(request, pk))
    if getattr(request, "htmx", None):
        return _form_page(request, None, connection, part="probe")
    return redirect("pages:connection-update", connection.pk)


def _form_page(
    request: PersonRequest, form: ConnectionForm | None, connection: Connection | None, part: str = ""
) -> HttpResponse:
    context = {
        "form": form,
        "connection": connection,
        "may_change": connection is None or allows(request.user, connection.project_id, "connections.update"),
        "may_resume": connection and allows(request.user, connection.project_id, "connections.resume"),
        "webhook_address": connections.webhook_address(connection) if connection else "",
    }
    status = 422 if form is not None and form.errors else 200
    return render_page(request, "connections/form.html", context, part=part or None, status=status)


def _found(request: PersonRequest, pk: UUID) -> Connection:
    rows = Connection.objects.visible_to(request.user).select_related("project", "permitted_by")
    return get_object_or_404(rows, pk=pk)

"""Tuned models in the browser."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_safe

from ftstudio.web.current import current_project
from ftstudio.web.render import render_page
from ftstudio.web.requests import PersonRequest
from jobs_app.models import ModelVersion

from .calling import call_of


def _visible(request: PersonRequest) -> Any:
    rows = ModelVersion.objects.visible_to(request.user)
    return rows.select_related("connection", "job__snapshot__dataset").defer("connection__credential")


@login_required
@require_safe
def model_list(request: PersonRequest) -> HttpResponse:
    models = _visible(request).filter(project=current_project(request))[:200]
    return render_page(request, "models/list.html", {"models": models})


@login_required
@require_safe
def model_detail(request: PersonRequest, pk: UUID) -> HttpResponse:
    model = get_object_or_404(_visible(request), pk=pk)
    call = call_of(model.connection, model.model, model.contract)
    return render_page(request, "models/detail.html", {"model": model, "job": model.job, "call": call})

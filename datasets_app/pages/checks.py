"""Grading all samples again: stopping it. How far it is stands on the dataset's page."""

from __future__ import annotations

from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_POST

from datasets_app.models import Dataset
from datasets_app.services import checks
from ftstudio.web.requests import PersonRequest


@login_required
@require_POST
def cancel(request: PersonRequest, pk: UUID) -> HttpResponse:
    """Stop grading the samples again."""
    dataset = get_object_or_404(Dataset.objects.visible_to(request.user).select_related("project"), pk=pk)
    checks.cancel(actor=request.user, dataset=dataset)
    return redirect("pages:dataset-detail", pk)

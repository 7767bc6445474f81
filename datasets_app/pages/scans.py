"""The set as a whole: what the newest scan found, and asking for another."""

from __future__ import annotations

from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_POST, require_safe

from datasets_app.models import Dataset
from datasets_app.services import scans
from ftstudio.web.render import render_page
from ftstudio.web.requests import PersonRequest

from .scan_view import scan_context


@login_required
@require_safe
def index(request: PersonRequest, pk: UUID) -> HttpResponse:
    """What the newest scan says of the dataset; while one is under way, how far it is."""
    dataset = get_object_or_404(Dataset.objects.visible_to(request.user).select_related("project"), pk=pk)
    context = scan_context(request, dataset)
    answer = render_page(request, "scans/list.html", context)
    if request.htmx.target == "progress" and not context["scan_live"]:
        answer["HX-Refresh"] = "true"  # it has ended: everything on the page is another
    return answer


@login_required
@require_POST
def create(request: PersonRequest, pk: UUID) -> HttpResponse:
    """Have the dataset scanned; a worker does it."""
    dataset = get_object_or_404(Dataset.objects.visible_to(request.user).select_related("project"), pk=pk)
    scans.request(actor=request.user, dataset=dataset)
    return redirect("pages:scan-list", pk)

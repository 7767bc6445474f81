"""What waits for the person: the list, and marking as read."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_POST, require_safe

from ftstudio.accounts.services import notifications
from ftstudio.web.pagination import keyset
from ftstudio.web.render import render_page
from ftstudio.web.requests import PersonRequest

ROWS = 30


@login_required
@require_safe
def notification_list(request: PersonRequest) -> HttpResponse:
    rows = notifications.of(request.user)
    page = keyset(rows, cursor=request.GET.get("cursor", ""), size=ROWS, key="id", newest_first=True)
    return render_page(request, "notifications/list.html", {"page": page})


@login_required
@require_POST
def notification_open(request: PersonRequest, pk: int) -> HttpResponse:
    """Mark one as read and go to what it is about."""
    row: Any = get_object_or_404(notifications.of(request.user), pk=pk)
    notifications.mark_read(actor=request.user, ids=[row.pk])
    return redirect(row.url or "pages:notification-list")


@login_required
@require_POST
def notification_read(request: PersonRequest) -> HttpResponse:
    """Mark all as read."""
    notifications.mark_read(actor=request.user)
    return redirect("pages:notification-list")

"""Who did what in the current project, newest first. For leads and owners."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect

from ftstudio.accounts.services import audit
from ftstudio.web.current import current_project
from ftstudio.web.pagination import keyset
from ftstudio.web.render import render_page
from ftstudio.web.requests import PersonRequest

ROWS = 50


@login_required
def audit_list(request: PersonRequest) -> HttpResponse:
    user: Any = request.user
    project = current_project(request)
    if project is None:
        return redirect("pages:project-list")
    entries = audit.entries(actor=user, project=project)
    page = keyset(entries, cursor=request.GET.get("cursor", ""), size=ROWS, key="id", newest_first=True)
    return render_page(request, "projects/audit.html", {"project": project, "page": page})

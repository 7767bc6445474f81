"""Two formats in the browser: one button that has both models asked the same held-out cases."""

from __future__ import annotations

from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_POST

from ftstudio.web.requests import PersonRequest
from jobs_app.models import JobFamily
from jobs_app.services import formats


@login_required
@require_POST
def family_evaluate(request: PersonRequest, pk: UUID) -> HttpResponse:
    family = get_object_or_404(JobFamily.objects.visible_to(request.user), pk=pk)
    made = formats.evaluate(actor=request.user, family=family)
    return redirect("pages:evaluation-detail", made.pk)

"""Putting a sample into the trash, from the desk or the preview, and taking it out again, there or in the list."""

from __future__ import annotations

from django.contrib import messages as notices
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from datasets_app.models import Sample
from datasets_app.services import trash
from ftstudio.web.requests import PersonRequest

from .queue import query_of, queue_of


@login_required
@require_POST
def put(request: PersonRequest, pk: int) -> HttpResponse:
    """Put the sample into the trash; its desk says so, with a button that takes it out again. Where the button was in
    the list, the list stays."""
    sample = trash.trash(actor=request.user, sample=_sample(request, pk))
    if request.POST.get("on") == "list":
        notices.success(
            request, _("Sample %(number)s is in the trash; the tab over the list leads there.") % {"number": sample}
        )
        return redirect(reverse("pages:dataset-detail", args=[sample.dataset_id]) + query_of(queue_of(request)))
    return redirect(reverse("pages:sample-detail", args=[sample.pk]) + query_of(queue_of(request)))


@login_required
@require_POST
def restore(request: PersonRequest, pk: int) -> HttpResponse:
    """Take it out again; back to the desk, or to the rest of the trash where the button was in the list."""
    sample = trash.restore(actor=request.user, sample=_sample(request, pk))
    if request.POST.get("on") == "list":
        said = _("Sample %(number)s is back, %(status)s.")
        notices.success(request, said % {"number": sample, "status": sample.get_status_display()})
        return redirect(reverse("pages:dataset-detail", args=[sample.dataset_id]) + "?status=trashed")
    return redirect(reverse("pages:sample-detail", args=[sample.pk]) + query_of(queue_of(request)))


def _sample(request: PersonRequest, pk: int) -> Sample:
    rows = Sample.objects.visible_to(request.user).select_related("dataset__project")
    return get_object_or_404(rows, pk=pk)

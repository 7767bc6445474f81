"""What the desk's scripts ask of the queue: the following sample ahead of time, to be let have this one, and to let it
go. Answers are JSON, because no part of the page changes by them; a refusal is what the API says."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import wraps
from typing import Any
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.views.decorators.http import require_POST

from datasets_app.models import Dataset
from datasets_app.services import queue
from ftstudio.errors import InvalidInput, StudioError, Text
from ftstudio.web.refusals import body_of, status_of
from ftstudio.web.requests import PersonRequest

from .loading import sample_of
from .queue import query_of, queue_of

Answer = Callable[..., HttpResponse]


def in_json(view: Answer) -> Answer:
    """A view that says its refusals in JSON."""

    @wraps(view)
    def answered(*args: Any, **kwargs: Any) -> HttpResponse:
        try:
            return view(*args, **kwargs)
        except StudioError as error:
            return JsonResponse(body_of(error), status=status_of(error))

    return answered


@login_required
@require_POST
@in_json
def ahead(request: PersonRequest, pk: UUID) -> HttpResponse:
    """Where the sample after the position `after` is to be had, held ahead for me; 204 when nothing waits."""
    dataset = get_object_or_404(Dataset.objects.visible_to(request.user), pk=pk)
    after, filters = request.POST.get("after", ""), queue_of(request)
    if after and not (after.isascii() and after.isdecimal() and len(after) < 10):
        raise InvalidInput(after=Text("This is no number."))
    sample = queue.next_for(
        actor=request.user, dataset=dataset, after=int(after) if after else None, filters=filters, ahead=True
    )
    if sample is None:
        return HttpResponse(status=204)
    url = reverse("pages:sample-detail", args=[sample.pk]) + query_of(filters)
    return JsonResponse({"sample": sample.pk, "url": url})


@login_required
@require_POST
@in_json
def hold(request: PersonRequest, pk: int) -> HttpResponse:
    """The heartbeat of an open desk."""
    return _until(queue.hold(actor=request.user, sample=sample_of(request, pk)))


@login_required
@require_POST
@in_json
def shown(request: PersonRequest, pk: int) -> HttpResponse:
    """What was fetched ahead is before the person's eyes now."""
    return _until(queue.shown(actor=request.user, sample=sample_of(request, pk)))


@login_required
@require_POST
@in_json
def let_go(request: PersonRequest, pk: int) -> HttpResponse:
    """The desk is closed without a verdict: also as a beacon that nobody waits for."""
    queue.let_go(actor=request.user, sample=sample_of(request, pk))
    return HttpResponse(status=204)


def _until(until: datetime) -> HttpResponse:
    return JsonResponse({"until": until.isoformat()})

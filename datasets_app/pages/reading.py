"""The desk's rendered view: the turns as their readers will see them, beside the raw text."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_POST

from datasets_app.core import samples as core
from datasets_app.services import reading
from ftstudio.web.requests import PersonRequest

from .loading import sample_of
from .samples import typed


@login_required
@require_POST
def show(request: PersonRequest, pk: int) -> HttpResponse:
    """The turns of the form as it stands, each that reads otherwise than it is written."""
    sample = sample_of(request, pk)
    edit, base = typed(request, sample)
    turns = [turn for turn in reading.read(edit.over(core.from_json(base.payload))) if turn.kind != "plain"]
    return render(request, "samples/rendered.html", {"turns": turns})

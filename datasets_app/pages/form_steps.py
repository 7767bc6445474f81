"""The buttons of the form of a JSON answer: add, move, remove, another form for a value. Nothing is stored."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_POST

from datasets_app.services.datasets import checker_of
from ftstudio.errors import InvalidInput
from ftstudio.web.refusals import status_of
from ftstudio.web.render import render_page
from ftstudio.web.requests import PersonRequest
from ftstudio.web.texts import say

from .answer_forms import stepped
from .answering import checked_context
from .loading import sample_of
from .queue import query_of, queue_of
from .samples import looked_at, unsaved


@login_required
@require_POST
def form(request: PersonRequest, pk: int) -> HttpResponse:
    """The form and its text after one press of a button; without a script the whole desk as it is then."""
    sample = sample_of(request, pk)
    try:
        request.POST = stepped(request.POST, checker_of(sample.dataset).contract)  # type: ignore[assignment]
    except InvalidInput as error:
        if request.htmx:
            return render(request, "samples/refused.html", {"problem": say(error.message)}, status=status_of(error))
        context = unsaved(request, sample, say(error.message))
        return render_page(request, "samples/detail.html", context, status=status_of(error))
    if not request.htmx:
        return render_page(request, "samples/detail.html", unsaved(request, sample))
    edit, seen = looked_at(request, sample)
    context = {
        **checked_context(request, sample, edit, seen), "sample": sample, "may_edit": True,
        "text": request.POST.get(request.POST.get("form_field", ""), ""), "queue_query": query_of(queue_of(request)),
    }  # fmt: skip
    return render(request, "samples/stepped.html", context)

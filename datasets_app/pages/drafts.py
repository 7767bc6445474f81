"""The desk's drafts: the form as it stands is kept, put back when the sample is opened again, or thrown away."""

from __future__ import annotations

import time
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse, JsonResponse, QueryDict
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from datasets_app.core import samples as core
from datasets_app.models import Draft, Revision, Sample
from datasets_app.services import drafts
from datasets_app.services.browse import Filters
from ftstudio.accounts.models import User
from ftstudio.errors import InvalidInput, StudioError, Text
from ftstudio.web.refusals import body_of, status_of
from ftstudio.web.requests import PersonRequest

from .desk import desk_context
from .edits import edited
from .loading import sample_of
from .queue import query_of, queue_of
from .rail import tags_context

# What a form carries besides the text: its keys to the door, and what says of the draft itself.
NOT_TEXT = frozenset(
    {"csrfmiddlewaretoken", "client_id", "base_revision", "draft", "sequence", "window", "replaces", "took", "decision"}
)


@login_required
@require_POST
def keep(request: PersonRequest, pk: int) -> HttpResponse:
    """Keep the desk's form as it stands; answers in JSON, because no part of the page changes by it."""
    sample = sample_of(request, pk)
    try:
        kept = drafts.keep(
            actor=request.user,
            sample=sample,
            base_revision=_number(request.POST, "base_revision"),
            fields={name: values for name, values in request.POST.lists() if name not in NOT_TEXT},
            sequence=_number(request.POST, "sequence"),
            window=request.POST.get("window", ""),
            replaces=_number(request.POST, "replaces"),
        )
    except StudioError as error:
        return JsonResponse(body_of(error), status=status_of(error))
    return JsonResponse({"sequence": kept.sequence, "at": kept.at.isoformat()})


@login_required
@require_POST
def forget(request: PersonRequest, pk: int) -> HttpResponse:
    """Throw the draft away (the one up to `sequence`) and open the sample as it is stored."""
    sample = sample_of(request, pk)
    drafts.forget(actor=request.user, sample=sample, upto=_number(request.POST, "sequence") or None)
    return redirect(reverse("pages:sample-detail", args=[sample.pk]) + query_of(queue_of(request)))


def keep_apart(request: PersonRequest, sample: Sample) -> None:
    """What is saved where everybody works apart is a draft until the verdict. A browser with scripts has kept it."""
    if "took" in request.POST:
        return
    drafts.keep(
        actor=request.user,
        sample=sample,
        base_revision=_number(request.POST, "base_revision"),
        fields={name: values for name, values in request.POST.lists() if name not in NOT_TEXT},
        sequence=int(time.time() * 1000),
        replaces=_number(request.POST, "draft"),
    )


def settle(request: PersonRequest, sample: Sample) -> None:
    """What the form holds is saved: the draft that it says it came from is not needed any more."""
    drafts.forget(actor=request.user, sample=sample, upto=_number(request.POST, "draft"))


def desk_with_draft(sample: Sample, user: User, *, queue: Filters, editing: bool) -> dict[str, Any]:
    """The desk's context with what the person has typed and not saved in its fields, read as a save would read it.

    `draft` is the Draft that is shown. One that cannot be shown any more, because its turns cannot be read, is
    given as `draft_texts` instead, to be copied by hand.
    """
    draft = drafts.read(actor=user, sample=sample)
    base = None if draft is None else Revision.objects.filter(sample=sample, number=draft.base_revision).first()
    if draft is None or base is None:
        return desk_context(sample, user, queue=queue, editing=editing)
    form, content = _form_of(draft), core.from_json(base.payload)
    editing = editing or form.get("view") == "turns"
    try:
        edit = edited(form, content)
        context = desk_context(
            sample, user, queue=queue, edit=edit, base=base.number, editing=editing, reason=form.get("reason", "")
        )
    except InvalidInput:
        texts = [text for name, values in draft.fields.items() if name.endswith("-text") for text in values]
        return {**desk_context(sample, user, queue=queue, editing=editing), "draft": draft, "draft_texts": texts}
    if "tagged" in form:  # where tags belong to one's own version, they are typed like its text
        context |= tags_context(sample, [name for name in form.getlist("tags") if name])
    return {**context, "draft": draft}


def _form_of(draft: Draft) -> QueryDict:
    """The draft as the form that it was."""
    form = QueryDict(mutable=True)
    for name, values in draft.fields.items():
        form.setlist(name, values)
    return form


def _number(post: QueryDict, name: str) -> int:
    value = post.get(name) or "0"
    if not (value.isdecimal() and value.isascii() and len(value) < 16):
        raise InvalidInput.of({name: Text("This is no number.")})
    return int(value)

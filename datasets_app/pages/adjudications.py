"""Judging between annotations: the page of one dispute, the way to the next, and what the guideline should say."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages as notices
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from datasets_app.core import samples as core
from datasets_app.models import Adjudication, Dataset, Revision, Sample
from datasets_app.services import adjudications, browse, samples
from datasets_app.services import annotations as annotating
from ftstudio.accounts.policy import allows, require
from ftstudio.errors import Conflict, InvalidInput
from ftstudio.web.pagination import keyset
from ftstudio.web.refusals import status_of
from ftstudio.web.render import render_page
from ftstudio.web.requests import PersonRequest
from ftstudio.web.texts import say

from .dispute import dispute_context
from .drafts import settle
from .edits import edited
from .loading import sample_of

DISPUTED = browse.Filters(status="disputed")


@login_required
@require_safe
def next_one(request: PersonRequest, pk: UUID) -> HttpResponse:
    """Go to the next disputed sample. A GET, so that it can be a link: all it changes is a lease that runs out."""
    return _next(request, get_object_or_404(Dataset.objects.visible_to(request.user), pk=pk), None)


def _next(request: PersonRequest, dataset: Dataset, after: Sample | None) -> HttpResponse:
    sample = samples.next_for(actor=request.user, dataset=dataset, after=after, filters=DISPUTED)
    if sample is None:
        notices.success(request, _("No dispute waits here any more."))
        return redirect("pages:dataset-detail", dataset.pk)
    return redirect("pages:sample-adjudicate", sample.pk)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def judge(request: PersonRequest, pk: int) -> HttpResponse:
    """The versions side by side; what is sent ends the dispute and leads to the next one."""
    sample = sample_of(request, pk)
    require(request.user, sample.dataset.project_id, "samples.adjudicate")
    if request.method == "POST":
        return _judged(request, sample)
    if annotating.blind(sample, request.user):
        return redirect("pages:sample-detail", sample.pk)  # one's own verdict comes first
    return render_page(request, "samples/adjudicate.html", dispute_context(sample, request.user))


def _judged(request: PersonRequest, sample: Sample) -> HttpResponse:
    try:
        adjudications.adjudicate(actor=request.user, sample=sample, **_asked(request, sample))
    except (InvalidInput, Conflict) as error:
        typed = request.POST.dict()
        if "theirs" in error.details:
            typed["base_revision"] = str(error.details["revision"])  # they see the newest now, with their own words
        sample.refresh_from_db()
        problem = " ".join(say(text) for text in error.fields.values()) or say(error.message)
        context = dispute_context(sample, request.user, typed=typed, problem=problem)
        return render_page(request, "samples/adjudicate.html", context, status=status_of(error))
    settle(request, sample)
    return _next(request, sample.dataset, sample)


def _asked(request: PersonRequest, sample: Sample) -> dict[str, Any]:
    post = request.POST
    number = post.get("base_revision", "")
    base = Revision.objects.filter(sample=sample, number=int(number) if number.isdecimal() else 0).first()
    if base is None:
        raise InvalidInput(
            base_revision=_("This form does not say which revision it was opened on: open the sample again.")
        )
    take = post.get("take", "")
    asked: dict[str, Any] = {
        "way": "pick" if take.isdecimal() else take,
        "picked": int(take) if take.isdecimal() and len(take) < 19 else None,
        "base_revision": base.number,
        "verdict": post.get("verdict", ""),
        "cause": post.get("cause", ""),
        "note": post.get("note", ""),
        "reason": post.get("reason", ""),
        "client_id": post.get("client_id", "")[:40] or None,
    }
    if not take.isdecimal():
        asked["messages"] = edited(post, core.from_json(base.payload)).messages
    return asked


@login_required
@require_safe
def index(request: PersonRequest, pk: UUID) -> HttpResponse:
    """How disputes were ended; with `todo` only what the guideline should still say something about."""
    dataset = get_object_or_404(Dataset.objects.visible_to(request.user).select_related("project"), pk=pk)
    to_do = True if request.GET.get("todo") == "true" else None
    rows = adjudications.listed(dataset, to_do=to_do)
    context = {
        "dataset": dataset,
        "page": keyset(rows, cursor=request.GET.get("cursor", ""), size=50, key="id", newest_first=True),
        "to_do": to_do,
        "waiting": adjudications.listed(dataset, to_do=True).count(),
        "may_do": allows(request.user, dataset.project_id, "guidelines.update"),
    }
    return render_page(request, "datasets/adjudications.html", context)


@login_required
@require_POST
def done(request: PersonRequest, pk: int) -> HttpResponse:
    """The guideline covers it now (`done` 1), or it is still to do (0); back to the list that the button was in."""
    found = get_object_or_404(
        Adjudication.objects.visible_to(request.user).select_related("dataset__project", "sample"), pk=pk
    )
    adjudications.set_done(actor=request.user, adjudication=found, done=request.POST.get("done") != "0")
    on_guideline = request.POST.get("on") == "guideline"
    return redirect("pages:guideline" if on_guideline else "pages:adjudication-list", found.dataset_id)

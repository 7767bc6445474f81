"""The history of a sample: every revision, what each changed, and the way back."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_POST, require_safe

from datasets_app.core import samples as core
from datasets_app.core.revision_diff import changes
from datasets_app.models import Revision
from datasets_app.models.revision import RevisionQuerySet
from datasets_app.services import annotations as annotating
from datasets_app.services import samples
from ftstudio.web.render import render_page
from ftstudio.web.requests import PersonRequest
from ftstudio.web.texts import from_row

from .loading import sample_of


@login_required
@require_safe
def index(request: PersonRequest, pk: int) -> HttpResponse:
    """All revisions, newest first."""
    sample = sample_of(request, pk)
    context = {"sample": sample, "dataset": sample.dataset, "revisions": annotating.past(sample, request.user)[:200]}
    return render_page(request, "samples/revisions.html", context)


@login_required
@require_safe
def detail(request: PersonRequest, pk: int, number: int) -> HttpResponse:
    """One revision against the one before it, or against any other, turn by turn."""
    sample = sample_of(request, pk)
    revisions = annotating.past(sample, request.user)
    revision = get_object_or_404(revisions, number=number)
    before = _against(request, revisions, number)
    new = core.from_json(revision.payload)
    context = {
        "sample": sample,
        "dataset": sample.dataset,
        "revision": revision,
        "before": before,
        "numbers": [n for n in range(sample.revision_number, 0, -1) if n != number][:200],
        "changes": changes(core.from_json(before.payload) if before else new, new),
        "findings": [(row, from_row(row.message)) for row in revision.findings.all()[:100]],
        "is_current": number == sample.revision_number,
    }
    return render_page(request, "samples/revision.html", context)


def _against(request: PersonRequest, revisions: RevisionQuerySet, number: int) -> Revision | None:
    """The revision to compare with: the one that the address asks for, else the one before."""
    asked = request.GET.get("against", "")
    if asked.isdecimal() and len(asked) < 10 and int(asked) != number:
        return get_object_or_404(revisions, number=int(asked))
    return revisions.filter(number__lt=number).first()


@login_required
@require_POST
def restore(request: PersonRequest, pk: int, number: int) -> HttpResponse:
    """Save an old revision's content as the newest one; nothing is removed from the history."""
    sample = sample_of(request, pk)
    old = core.to_data(core.from_json(get_object_or_404(annotating.past(sample, request.user), number=number).payload))
    samples.save(
        actor=request.user,
        sample=sample,
        base_revision=sample.revision_number,
        messages=old["messages"],
        rejected=old.get("rejected", []),
        tools=old.get("tools", []),
        origin="restore",
    )
    return redirect("pages:sample-detail", sample.pk)

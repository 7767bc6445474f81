"""The history of a sample: every revision, what each changed, and the way back."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from datasets_app.core import diffs
from datasets_app.core import samples as core
from datasets_app.models import Revision
from datasets_app.services import samples
from ftstudio.web.render import render_page
from ftstudio.web.requests import PersonRequest

from .loading import sample_of


@login_required
@require_safe
def index(request: PersonRequest, pk: int) -> HttpResponse:
    """All revisions, newest first."""
    sample = sample_of(request, pk)
    context = {"sample": sample, "dataset": sample.dataset, "revisions": samples.history(sample)[:200]}
    return render_page(request, "samples/revisions.html", context)


@login_required
@require_safe
def detail(request: PersonRequest, pk: int, number: int) -> HttpResponse:
    """One revision against the one before it, turn by turn."""
    sample = sample_of(request, pk)
    revision = get_object_or_404(samples.history(sample), number=number)
    before = samples.history(sample).filter(number__lt=number).first()
    context = {
        "sample": sample,
        "dataset": sample.dataset,
        "revision": revision,
        "before": before,
        "turns": _changes(before, revision),
        "is_current": number == sample.revision_number,
    }
    return render_page(request, "samples/revision.html", context)


def _changes(before: Revision | None, after: Revision) -> list[dict[str, object]]:
    """Each turn with its diff; turns that only one of them has are put in or taken out whole."""
    new = core.from_json(after.payload)
    old = core.from_json(before.payload) if before else new
    changes = []
    for part, was, now in ((_("Rejected answer"), old.rejected, new.rejected), ("", old.messages, new.messages)):
        for at in range(max(len(was), len(now))):
            one, other = (turns[at] if at < len(turns) else None for turns in (was, now))
            ops = diffs.diff(one.text if one else "", other.text if other else "")
            changes.append({"role": part or (other or one).role, "ops": ops, "text": (other or one).text})  # type: ignore[union-attr]
    return changes


@login_required
@require_POST
def restore(request: PersonRequest, pk: int, number: int) -> HttpResponse:
    """Save an old revision's content as the newest one; nothing is removed from the history."""
    sample = sample_of(request, pk)
    old = core.to_data(core.from_json(get_object_or_404(samples.history(sample), number=number).payload))
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

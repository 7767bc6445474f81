"""A look at a sample from the list, and the samples that are like it; for reading only."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.views.decorators.http import require_safe

from datasets_app.core import diffs
from datasets_app.core import samples as core
from datasets_app.models import FindingRow, Revision, Sample
from datasets_app.services import similar
from datasets_app.services.annotations import blind
from ftstudio.accounts.policy import allows
from ftstudio.web.render import render_page
from ftstudio.web.requests import PersonRequest
from ftstudio.web.texts import from_row

from .list_rows import SEVERITY
from .loading import sample_of
from .queue import query_of, queue_of

LONGEST = 6000  # characters of a turn; the desk shows it whole
MOST_DIFFED = 4000


@login_required
@require_safe
def detail(request: PersonRequest, pk: int) -> HttpResponse:
    """One sample's turns, findings, tags, and its answer against the rejected one."""
    sample = sample_of(request, pk)
    context = {
        **preview_context(sample, request.user),
        "queue_query": query_of(queue_of(request)),
        "may_trash": allows(request.user, sample.dataset.project_id, "samples.trash"),
    }
    return render_page(request, "samples/preview.html", context, part="preview" if request.htmx else None)


@login_required
@require_safe
def alike(request: PersonRequest, pk: int) -> HttpResponse:
    """The samples most like this one."""
    sample = sample_of(request, pk)
    found = similar.like(sample=sample)
    for one in found:
        one.sample.sign = SEVERITY.get(one.sample.worst) or "ok"  # type: ignore[attr-defined]
    context = {"sample": sample, "dataset": sample.dataset, "found": found}
    return render_page(request, "samples/similar.html", context)


def preview_context(sample: Sample, user: Any) -> dict[str, Any]:
    """What is read of a sample at a glance; without its status where this person is to judge it by themselves."""
    revision = Revision.objects.current().get(sample=sample)
    content = core.from_json(revision.payload)
    wrong = content.rejected[-1].text if content.rejected else ""
    answer = content.answer.text if content.answer else ""
    findings = FindingRow.objects.current().filter(sample=sample, waived=False).order_by("id")[:50]
    short = len(wrong) + len(answer) <= MOST_DIFFED
    return {
        "sample": sample,
        "dataset": sample.dataset,
        "blind": blind(sample, user),
        "turns": [
            {"role": turn.role, "text": turn.text[:LONGEST], "cut": len(turn.text) > LONGEST,
             "calls": [{"name": call.name, "arguments": call.arguments[:LONGEST]} for call in turn.tool_calls]}
            for turn in content.messages
        ],
        "rejected": wrong[:LONGEST],
        "ops": diffs.diff(wrong, answer) if wrong and answer and short else (),
        "findings": [
            {"severity": row.severity, "rule": row.rule, "message": from_row(row.message)} for row in findings
        ],
        "tags": [tag.name for tag in sample.tags.all()],
    }  # fmt: skip

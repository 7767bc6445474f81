"""From what a model got wrong to the next model, in the browser: four buttons, and what became of each case."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages as notices
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from ftstudio.accounts.policy import allows
from ftstudio.errors import InvalidInput, StudioError
from ftstudio.web.render import render_page
from ftstudio.web.requests import PersonRequest
from ftstudio.web.texts import say
from jobs_app.models import Evaluation
from jobs_app.services import failures, loop
from jobs_app.services.comparing import arm_numbered


def found(request: PersonRequest, pk: UUID) -> Evaluation:
    rows = Evaluation.objects.visible_to(request.user).select_related("dataset__project", "project", "snapshot")
    return get_object_or_404(rows, pk=pk)


def loop_context(user: Any, evaluation: Evaluation) -> dict[str, Any]:
    """What the panel shows. Who may do nothing of it sees where the loop stands."""
    now = loop.state(evaluation)
    building = now.snapshot is not None and not now.snapshot.is_final
    training = now.job is not None and not now.job.is_draft and not now.job.is_final
    return {
        "evaluation": evaluation,
        "loop": now,
        "arms": [(arm, failures.name_of(arm)) for arm in evaluation.arms.select_related("version")],
        "live": building or training,
        "may_send": allows(user, evaluation.project_id, "evaluations.send"),
        "may_freeze": allows(user, evaluation.project_id, "snapshots.freeze"),
        "may_make": allows(user, evaluation.project_id, "jobs.create"),
        "may_launch": allows(user, evaluation.project_id, "jobs.launch"),
        "may_synthesise": allows(user, evaluation.project_id, "samples.synthesise"),
    }


@login_required
@require_safe
def evaluation_loop(request: PersonRequest, pk: UUID) -> HttpResponse:
    """Where the loop stands, and what became of each case that was sent."""
    evaluation = found(request, pk)
    return render_page(request, "evaluations/loop.html", loop_context(request.user, evaluation))


@login_required
@require_POST
def evaluation_send(request: PersonRequest, pk: UUID) -> HttpResponse:
    """Give what a model got wrong to the annotators: all of it, or the ticked cases."""
    evaluation, posted = found(request, pk), request.POST
    cases = [number for text in posted.getlist("case") if (number := _number(text)) is not None]
    way = posted.get("as", failures.CORRECTION)
    against = posted.get("against", "")
    sent = failures.send(
        actor=request.user,
        evaluation=evaluation,
        arm=_arm(evaluation, posted.get("arm", ""), "arm"),
        cases=cases or None,
        as_=way,
        against=_arm(evaluation, against, "against") if way == failures.PREFERENCE else None,
        chosen=posted.get("chosen", failures.WINNER),
        to=posted.get("to", ""),
    )
    if sent.taken:
        words = ngettext("%(n)d sample waits for the annotators.", "%(n)d samples wait for the annotators.",
                         len(sent.taken))  # fmt: skip
        notices.success(request, words % {"n": len(sent.taken)})
    for case, why in sent.refused[:5]:
        notices.warning(request, _("Case %(n)d was not sent. %(why)s") % {"n": case.number, "why": say(why)})
    return redirect("pages:evaluation-loop", pk)


@login_required
@require_POST
def evaluation_freeze(request: PersonRequest, pk: UUID) -> HttpResponse:
    loop.freeze(actor=request.user, evaluation=found(request, pk))
    return redirect("pages:evaluation-loop", pk)


@login_required
@require_POST
def evaluation_clone(request: PersonRequest, pk: UUID) -> HttpResponse:
    loop.clone(actor=request.user, evaluation=found(request, pk))
    return redirect("pages:evaluation-loop", pk)


@login_required
@require_POST
def evaluation_launch(request: PersonRequest, pk: UUID) -> HttpResponse:
    """Launch the draft; where something blocks it, the draft's page is where that is put right."""
    evaluation = found(request, pk)
    try:
        loop.launch(actor=request.user, evaluation=evaluation)
    except InvalidInput as refusal:
        draft = loop.state(evaluation).job
        if draft is None:
            raise
        notices.error(request, _first(refusal))
        return redirect("pages:job-update", draft.pk)
    return redirect("pages:evaluation-loop", pk)


def _arm(evaluation: Evaluation, text: str, field: str) -> Any:
    number = _number(text)
    if number is None:
        return loop.arm_of(evaluation)
    return arm_numbered(evaluation, number, field)


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None


def _first(refusal: StudioError) -> str:
    return say(next(iter(refusal.fields.values()), refusal.message))

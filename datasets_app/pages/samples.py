"""The correction desk: open a sample, check, save, decide, undo, tag."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.contrib import messages as notices
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from datasets_app.core import samples as core
from datasets_app.models import Dataset, Revision, Sample
from datasets_app.services import annotations as annotating
from datasets_app.services import browse, conclusions, datasets, decisions, samples
from ftstudio.accounts import preferences
from ftstudio.accounts.policy import allows
from ftstudio.errors import Conflict, InvalidInput, NotAllowed, StudioError
from ftstudio.web.current import current_project
from ftstudio.web.refusals import status_of
from ftstudio.web.render import render_page
from ftstudio.web.requests import PersonRequest
from ftstudio.web.texts import say

from .answer_forms import with_form
from .answering import checked_context
from .checking import Checked, checked
from .conflict import conflict_context
from .desk import desk_context, original_of
from .drafts import desk_with_draft, keep_apart, settle
from .edits import Edit, edited
from .fixes import fixed as _fixed
from .forms import DecisionForm
from .loading import sample_of
from .pairing import as_chosen, verdict_of
from .queue import query_of, queue_of
from .rail import tags_context
from .sent_pictures import with_pictures


@login_required
@require_safe
def start(request: PersonRequest) -> HttpResponse:
    """Annotate whatever waits in the current project: the first dataset with a pending sample."""
    waiting = Dataset.objects.visible_to(request.user).filter(
        project=current_project(request), counts__kind="status", counts__key="pending", counts__n__gt=0
    )
    dataset = waiting.first()
    if dataset is None:
        notices.info(request, _("Nothing waits for a decision in this project."))
        return redirect("pages:dataset-list")
    return redirect("pages:dataset-annotate", dataset.pk)


@login_required
@require_safe
def annotate(request: PersonRequest, pk: Any) -> HttpResponse:
    """Go to the next sample that waits, of those that the filters in the address let through.

    A GET, so that it can be a link: all it changes is a lease that runs out.
    """
    dataset = get_object_or_404(Dataset.objects.visible_to(request.user), pk=pk)
    return _next(request, dataset, None, queue_of(request))


def _next(request: PersonRequest, dataset: Dataset, after: Sample | None, queue: browse.Filters) -> HttpResponse:
    sample = samples.next_for(actor=request.user, dataset=dataset, after=after, filters=queue)
    if sample is None:
        notices.success(request, _("Nothing waits here any more: every sample has a decision or is held by somebody."))
        return redirect("pages:dataset-detail", dataset.pk)
    return _to_desk(sample, queue)


def _to_desk(sample: Sample, queue: browse.Filters, **more: str) -> HttpResponse:
    return redirect(reverse("pages:sample-detail", args=[sample.pk]) + query_of(queue, **more))


@login_required
@require_safe
def detail(request: PersonRequest, pk: int) -> HttpResponse:
    """One sample on the desk, with what the person typed the last time and did not save."""
    sample, editing = sample_of(request, pk), request.GET.get("view") == "turns"
    context = desk_with_draft(sample, request.user, queue=queue_of(request), editing=editing)
    return render_page(request, "samples/detail.html", context)


@login_required
@require_POST
def check(request: PersonRequest, pk: int) -> HttpResponse:
    """What the checks say of the text as it is being typed: the parts findings, diff, tokens and requirements."""
    sample = sample_of(request, pk)
    current = core.from_json(_revision(sample, sample.revision_number).payload)
    edit, base = typed(request, sample)
    original = original_of(sample, current)
    data = as_chosen(edit.over(core.from_json(base.payload)), request.POST.get("choice", ""))
    seen = checked(sample, data, original, broken=edit.broken)
    turns = data["messages"]
    context = {
        "checked": seen, "sample": sample, "may_edit": True,
        "may_waive": allows(request.user, sample.dataset.project_id, "findings.waive"),
        "answer": core.from_data({"messages": turns[-1:]}).messages[0].text if turns else "",
        "rejected": data.get("rejected") or None, "queue_query": query_of(queue_of(request)), "original": original,
        "counted": list(zip(edit.keys, seen.per_turn, strict=False)),
        **checked_context(request, sample, edit, seen),
    }  # fmt: skip
    return render(request, "samples/checked.html", context)


def looked_at(request: PersonRequest, sample: Sample) -> tuple[Edit, Checked]:
    """What was typed, and what the checks say of it."""
    edit, base = typed(request, sample)
    content = core.from_json(base.payload)
    data = as_chosen(edit.over(content), request.POST.get("choice", ""))
    return edit, checked(sample, data, original_of(sample, content), broken=edit.broken)


@login_required
@require_POST
def save(request: PersonRequest, pk: int) -> HttpResponse:
    """Store what was typed (with one fix applied, where a fix button sent the form) and stay on the sample."""
    sample, queue = sample_of(request, pk), queue_of(request)
    try:
        if annotating.apart(sample, request.user):
            keep_apart(request, sample)
        else:
            _save(request, sample)
    except (InvalidInput, Conflict, NotAllowed) as error:
        return _refused(request, sample, error)
    return _to_desk(sample, queue, view="turns" if request.POST.get("view") == "turns" else "")


@login_required
@require_POST
def decide(request: PersonRequest, pk: int) -> HttpResponse:
    """Save what was typed, or hand it in where everybody works apart, give the verdict on it, and go on to the next."""
    sample, queue = sample_of(request, pk), queue_of(request)
    form = DecisionForm(request.POST)
    try:
        if not form.is_valid():
            raise InvalidInput.of({name: str(errors[0]) for name, errors in form.errors.items()})
        _conclude(request, sample, form.cleaned_data)
    except (InvalidInput, Conflict, NotAllowed) as error:
        saved = conclusions.saved_as(sample, request.POST.get("client_id", "")[:40])
        if saved:
            settle(request, sample)
        return _refused(request, sample, error, saved=saved)
    settle(request, sample)
    if not preferences.of(request.user).advance:
        return _to_desk(sample, queue)
    return _next(request, sample.dataset, sample, queue)


@login_required
@require_POST
def undo(request: PersonRequest, pk: int) -> HttpResponse:
    """Take my decision back, the one that `key` names or the last, and open the sample again."""
    sample = sample_of(request, pk)
    decisions.take_back(actor=request.user, sample=sample, key=request.POST.get("key", ""))
    return _to_desk(sample, queue_of(request))


@login_required
@require_POST
def tag(request: PersonRequest, pk: int) -> HttpResponse:
    """Give the sample exactly the tags of the form."""
    sample = sample_of(request, pk)
    samples.tag(actor=request.user, sample=sample, names=request.POST.getlist("tags"))
    if request.htmx:
        return render_page(request, "samples/_tags.html", tags_context(sample))
    return redirect("pages:sample-detail", sample.pk)


def _save(request: PersonRequest, sample: Sample) -> None:
    edit, base = typed(request, sample)
    if edit.broken:
        raise edit.broken
    turns, origin = edit.messages, "edit"
    if wanted := request.POST.get("fix"):
        turns, origin = _fixed(sample, edit.over(core.from_json(base.payload)), wanted), "fix"
    samples.save(
        actor=request.user,
        sample=sample,
        base_revision=base.number,
        messages=turns,
        rejected=edit.rejected,
        tools=edit.tools,
        client_id=request.POST.get("client_id", "")[:40] or None,
        origin=origin,
    )
    settle(request, sample)


def _conclude(request: PersonRequest, sample: Sample, said: dict[str, Any]) -> None:
    """Keep what was typed and give the verdict; tags are sent along where they belong to one's own version."""
    edit, base = typed(request, sample)
    if edit.broken:
        raise edit.broken
    said = verdict_of(sample, request.user, core.from_json(base.payload), said)
    conclusions.conclude(
        actor=request.user,
        sample=sample,
        base_revision=base.number,
        messages=edit.messages,
        rejected=edit.rejected,
        tools=edit.tools,
        tags=request.POST.getlist("tags") if request.POST.get("tagged") else None,
        seen=request.POST.get("seen", ""),
        **said,
    )


def typed(request: PersonRequest, sample: Sample) -> tuple[Edit, Revision]:
    """What the form says, and the revision that it was opened on. Pictures that came with it are kept first."""
    base = _base(request, sample)
    sent = with_form(with_pictures(request, sample), datasets.checker_of(sample.dataset).contract)
    return edited(sent, core.from_json(base.payload)), base


def _kept(request: PersonRequest, sample: Sample) -> Edit:
    """What the form says, to be shown again; a picture that was refused is left out."""
    try:
        return typed(request, sample)[0]
    except InvalidInput:
        return edited(request.POST, core.from_json(_base(request, sample).payload))


def _base(request: PersonRequest, sample: Sample) -> Revision:
    """The revision that the form was opened on."""
    number = request.POST.get("base_revision", "")
    found = _revision(sample, int(number)) if number.isdecimal() and len(number) < 10 else None
    if found is None:
        raise InvalidInput(
            base_revision=_("This form does not say which revision it was opened on: open the sample again.")
        )
    return found


def _revision(sample: Sample, number: int) -> Any:
    return Revision.objects.filter(sample=sample, number=number).first()


def _refused(request: PersonRequest, sample: Sample, error: StudioError, *, saved: int | None = None) -> HttpResponse:
    """The desk or the conflict page with everything the person typed still in it.

    The form stays on the revision it was opened on, or on the one that was `saved` before the refusal, so that a
    newer one of somebody else is not overwritten by sending it again.
    """
    status = status_of(error)
    if isinstance(error, Conflict) and "theirs" in error.details:
        return render_page(request, "samples/conflict.html", conflict_context(sample, request, error), status=status)
    sample.refresh_from_db()
    base = saved or _base(request, sample).number
    show = partial(
        desk_context, sample, request.user, queue=queue_of(request), problem=say(error.message),
        editing=request.POST.get("view") == "turns", reason=request.POST.get("reason", "")[:300],
    )  # fmt: skip
    if isinstance(error, Conflict) and error.code != "full":  # nothing was typed, or it is saved: show what there is
        context = show()
    else:
        try:
            context = show(base=base, edit=None if saved else _kept(request, sample))
        except InvalidInput:  # what was typed cannot even be looked at; the browser still has it
            context = show(base=base)
    return render_page(request, "samples/detail.html", context, status=status)


def unsaved(request: PersonRequest, sample: Sample, problem: str = "") -> dict[str, Any]:
    """The desk with what was typed in it, on the revision that it was typed over."""
    return desk_context(
        sample, request.user, queue=queue_of(request), problem=problem, base=_base(request, sample).number,
        edit=_kept(request, sample), editing=request.POST.get("view") == "turns",
        reason=request.POST.get("reason", "")[:300],
    )  # fmt: skip

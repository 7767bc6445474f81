"""The strategy advisor in the browser: one question at a time, what was measured beside it, the way drawn."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from datasets_app.models import Dataset
from ftstudio.accounts.policy import allows
from ftstudio.web.refusals import refusals_on
from ftstudio.web.render import render_page
from ftstudio.web.requests import PersonRequest
from ftstudio.web.texts import clauses, say
from jobs_app.core import advisor, advisor_facts
from jobs_app.core.advisor_drawing import mermaid, picture
from jobs_app.core.advisor_table import CONSTRAINTS, ENDS, STEPS, STRATEGIES
from jobs_app.models import Advice, Arm
from jobs_app.services import advice as records
from jobs_app.services import advice_options

from .advice_forms import AnswerForm, JobForm, LimitsForm, OptionsForm

LISTED = 50


def found(request: PersonRequest, pk: UUID) -> Advice:
    rows = Advice.objects.visible_to(request.user).select_related(
        "dataset__project", "project", "created_by", "filed_by"
    )
    return get_object_or_404(rows, pk=pk)


@login_required
@require_safe
def advice_list(request: PersonRequest, pk: UUID) -> HttpResponse:
    """A dataset's decision records, the newest first."""
    dataset = get_object_or_404(Dataset.objects.visible_to(request.user), pk=pk)
    rows = Advice.objects.filter(dataset=dataset).select_related("created_by")[:LISTED]
    context = {
        "dataset": dataset,
        "rows": [(row, _station_word(row.outcome or advisor.walk(row.answers).at)) for row in rows],
        "may_create": allows(request.user, dataset.project_id, "advice.create"),
    }
    return render_page(request, "advice/list.html", context)


@login_required
@require_POST
def advice_create(request: PersonRequest, pk: UUID) -> HttpResponse:
    """A new record; one that goes on from another has `follows`."""
    dataset = get_object_or_404(Dataset.objects.visible_to(request.user), pk=pk)
    before = request.POST.get("follows")
    follows = get_object_or_404(Advice.objects.visible_to(request.user), pk=_uuid(before)) if before else None
    title = request.POST.get("title", "")
    return redirect(
        "pages:advice-detail", records.create(actor=request.user, dataset=dataset, title=title, follows=follows).pk
    )


@login_required
@require_safe
def advice_detail(request: PersonRequest, pk: UUID) -> HttpResponse:
    return _page(request, found(request, pk))


@login_required
@require_POST
def advice_answer(request: PersonRequest, pk: UUID) -> HttpResponse:
    """Yes or no to the question that is asked, or an earlier answer taken back (`answer` empty)."""
    advice = found(request, pk)
    path = advisor.walk(advice.answers)
    form = AnswerForm(request.POST, decision=path.asks)
    if form.is_valid():
        with refusals_on(form):
            given = form.cleaned_data
            records.answer(actor=request.user, advice=advice, answer=request.POST.get("answer", ""), **given)
            return redirect("pages:advice-detail", pk)
    return _page(request, advice, answer=form)


@login_required
@require_POST
def advice_update(request: PersonRequest, pk: UUID) -> HttpResponse:
    """Title, target and limits."""
    advice = found(request, pk)
    form = LimitsForm(request.POST, advice=advice)
    if form.is_valid():
        with refusals_on(form):
            records.update(actor=request.user, advice=advice, **form.changes())
            messages.success(request, _("Saved."))
            return redirect("pages:advice-detail", pk)
    return _page(request, advice, limits=form)


@login_required
@require_POST
def advice_file(request: PersonRequest, pk: UUID) -> HttpResponse:
    """Keep what is said about the options, and with `file` close the record for good."""
    advice = found(request, pk)
    form = _options_form(advice, request.POST)
    if form.is_valid():
        with refusals_on(form):
            said = form.options()
            if "file" in request.POST:
                reason = form.cleaned_data.get("unmeasured", "")
                records.file(actor=request.user, advice=advice, unmeasured=reason, options=said)
            else:
                records.update(actor=request.user, advice=advice, options=said)
                messages.success(request, _("Saved."))
            return redirect("pages:advice-detail", pk)
    return _page(request, advice, options=form)


@login_required
@require_POST
def advice_job(request: PersonRequest, pk: UUID) -> HttpResponse:
    """A job draft that carries the record out."""
    advice = found(request, pk)
    form = JobForm(request.POST, user=request.user, project_id=advice.project_id)
    if form.is_valid():
        with refusals_on(form):
            job = records.draft_job(actor=request.user, advice=advice, **form.cleaned_data)
            return redirect("pages:job-update", job.pk)
    return _page(request, advice, job=form)


@login_required
@require_http_methods(["GET", "HEAD"])
def advice_mermaid(request: PersonRequest, pk: UUID) -> HttpResponse:
    """The chart with the way taken, as Mermaid text."""
    advice = found(request, pk)
    text = mermaid(advisor.walk(advice.answers), say=say, words=_words())
    answer = HttpResponse(text, content_type="text/plain; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="advice-{advice.pk}.mmd"'
    return answer


def _uuid(raw: str) -> UUID | None:
    try:
        return UUID(raw)
    except ValueError:
        return None


def _page(
    request: PersonRequest,
    advice: Advice,
    *,
    answer: AnswerForm | None = None,
    limits: LimitsForm | None = None,
    options: OptionsForm | None = None,
    job: JobForm | None = None,
) -> HttpResponse:
    path, facts = advisor.walk(advice.answers), advice_options.facts_of(advice)
    trains = advisor.chosen_option(advice.outcome or path.at) == "sft"
    may_create = allows(request.user, advice.project_id, "advice.create")
    running = Arm.objects.unfinished().filter(evaluation__advice=advice).select_related("evaluation").first()
    if trains and job is None:
        initial = {"name": f"{path.at}-{advice.created_at:%m%d%H%M}"}
        job = JobForm(user=request.user, project_id=advice.project_id, initial=initial)
    context: dict[str, Any] = {
        "advice": advice,
        "dataset": advice.dataset,
        "path": path,
        "steps": _filed_steps(advice) if advice.is_filed else _steps(path, facts),
        "reading": advisor_facts.reading(path.asks.id, facts) if path.asks else None,
        "svg": _drawing(path),
        "arms": [(row, advisor_facts.Arm.of(row), say(advisor_facts.ARMS[row["arm"]])) for row in advice.measured],
        "running": running,
        "station": _station_word(advice.outcome or path.at),
        "conclusion": say(advisor.advice_at(path.at)) if path.may_file else "",
        "cited": advisor_facts.cited(facts),
        "strategy": say(STRATEGIES[ENDS[path.at].strategy]) if path.ended and ENDS[path.at].strategy else "",
        "limits": [(say(label), advice.constraints.get(name, "")) for name, (label, _help) in CONSTRAINTS.items()],
        "target": f"{advice.constraints.get('target', 95):g}",
        "lines": advice_options.options_of(advice),
        "cheaper": advice_options.cheaper_models(advice),
        "answer_form": answer or AnswerForm(decision=path.asks),
        "limits_form": limits or LimitsForm(advice=advice),
        "options_form": options or _options_form(advice),
        "job_form": job if trains else None,
        "jobs": records.jobs_of(advice),
        "may_change": may_create and not advice.is_filed,
        "may_create": may_create,
        "may_file": allows(request.user, advice.project_id, "advice.file"),
        "may_measure": may_create and allows(request.user, advice.project_id, "models.call"),
        "may_job": allows(request.user, advice.project_id, "jobs.create"),
    }
    bound = (form for form in (answer, limits, options, job) if form is not None)
    template = "advice/record.html" if advice.is_filed else "advice/detail.html"
    return render_page(request, template, context, status=422 if any(form.errors for form in bound) else 200)


def _options_form(advice: Advice, data: Any = None) -> OptionsForm:
    measured = advice_options.facts_of(advice).best() is not None
    return OptionsForm(data, lines=advice_options.options_of(advice), measured=measured)


def _steps(path: advisor.Path, facts: advisor_facts.Facts) -> list[dict[str, Any]]:
    against = {one.decision.id: fact for one, fact in advisor.disagreements(path, facts)}
    return [
        {
            "decision": one.decision,
            "yes": one.answer == "yes",
            "reasons": [one.decision.reasons[name] for name in one.reasons],
            "note": one.note,
            "fact": advisor_facts.reading(one.decision.id, facts).because,
            "against": one.decision.id in against,
        }
        for one in path.taken
    ]


def _filed_steps(advice: Advice) -> list[dict[str, Any]]:
    """As they were filed: the facts of then, whatever is counted now."""
    kept = {row["decision"]: row for row in advice.record["steps"]}
    return [
        {
            "decision": one.decision,
            "yes": one.answer == "yes",
            "reasons": [one.decision.reasons[name] for name in one.reasons],
            "note": one.note,
            "fact": kept[one.decision.id]["fact"],
            "against": kept[one.decision.id]["against_fact"],
        }
        for one in advisor.walk(advice.answers).taken
        if one.decision.id in kept
    ]


def _drawing(path: advisor.Path) -> str:
    yes, no = _words()
    way = [f"{say(one.decision.short)} {yes if one.answer == 'yes' else no}" for one in path.taken]
    end = _station_word(path.asks.id if path.asks else path.at)
    drawn = picture(path, say=say, title=_("The way so far"), description=clauses([*way, end]), words=(yes, no))
    return mark_safe(drawn)


def _words() -> tuple[str, str]:
    return pgettext("answer", "yes"), pgettext("answer", "no")


def _station_word(station: str) -> str:
    if station in ENDS or station in STEPS:
        return say((STEPS.get(station) or ENDS[station]).short)
    return _("open")

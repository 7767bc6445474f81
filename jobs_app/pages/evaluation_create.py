"""Beginning an evaluation in the browser: what is asked of whom, what that costs, what so many cases can show."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from datasets_app.models import Dataset
from ftstudio.accounts.policy import require
from ftstudio.errors import Conflict, InvalidInput, NotAllowed
from ftstudio.web.current import current_project
from ftstudio.web.render import render_page
from ftstudio.web.requests import PersonRequest
from ftstudio.web.texts import say
from jobs_app.core.cases import MOST_ARMS
from jobs_app.core.significance import detectable, size_word
from jobs_app.models import JobFamily
from jobs_app.providers import PROVIDERS
from jobs_app.services import evaluations
from jobs_app.services.evaluation_plans import Plan, plan

from .evaluation_forms import (
    BASE,
    TUNED,
    ArmForm,
    ArmSet,
    CasesForm,
    Choices,
    choices_for,
    typed_arms,
    versions_for,
)
from .evaluation_prefill import Beginning, base, beginning
from .evaluation_words import SIDES, SIZES, named
from .request_ids import request_id, token_of


@login_required
def evaluation_create(request: PersonRequest) -> HttpResponse:
    """The form, the plan beside it; a POST with `start` begins, one with `add_arm` or `take_out` changes the arms."""
    project = current_project(request)
    if project is None:
        raise NotAllowed(_("You belong to no project yet."))
    require(request.user, project, "evaluations.create")
    choices = choices_for(request.user, project)
    datasets = Dataset.objects.visible_to(request.user).filter(project=project, snapshots__state="ready").distinct()
    families = JobFamily.objects.visible_to(request.user).filter(project=project)
    asked = request.POST if request.method == "POST" else request.GET
    start = beginning(asked, datasets=datasets, versions=versions_for(request.user, project), families=families)
    if request.method == "POST" and request.POST.get("of") == str(getattr(start.dataset, "pk", "")):
        form = CasesForm(request.POST, datasets=datasets, dataset=start.dataset)
        arms = _arms(request.POST, choices)
    elif request.method == "POST":  # another dataset: its snapshots and metrics, and everything else as it was
        form = CasesForm(datasets=datasets, dataset=start.dataset, initial=_kept(request.POST, start))
        arms = _shown(typed_arms(request.POST), choices)
    else:
        form = CasesForm(datasets=datasets, dataset=start.dataset, initial=_first(start))
        arms = _shown(start.arms or [base(next(iter(choices.connections), ""), "")], choices)
    planned, problem = _planned(form, arms)
    if "start" in request.POST and planned is not None:
        specs = [arm.spec() for arm in arms]
        try:
            made = evaluations.start(
                actor=request.user, arms=specs, name=form.cleaned_data["name"], family=start.family,
                client_id=request_id(request.POST), **form.asked(),
            )  # fmt: skip
            return redirect("pages:evaluation-detail", made.pk)
        except Conflict as refusal:
            problem = say(refusal.message)
    context: dict[str, Any] = _told(planned) | {
        "form": form, "arms": arms, "plan": planned, "problem": problem, "dataset": start.dataset,
        "family": start.family, "most": MOST_ARMS, "versions": choices.versions,
        "token": token_of(request.POST),
        "models": sorted({model.id for provider in PROVIDERS.values() for model in provider.base_models}),
    }  # fmt: skip
    status = 200 if "start" not in request.POST else 409 if problem else 422
    return render_page(request, "evaluations/create.html", context, status=status)


def _told(planned: Plan | None) -> dict[str, Any]:
    """The plan in words: the models under their names, what so many cases can show."""
    if planned is None:
        return {}
    gap = detectable(planned.n)
    return {
        "planned": named(planned.arms),
        "side_word": SIDES[planned.side],
        "shows": f"{100 * gap:.0f}" if gap else "",
        "size": SIZES[size_word(planned.n)],
    }


def _first(start: Beginning) -> dict[str, Any]:
    return {"dataset": start.dataset, **start.cases}


def _kept(data: Any, start: Beginning) -> dict[str, Any]:
    return {"dataset": start.dataset} | {name: data[name] for name in ("n", "seed", "name") if data.get(name)}


def _shown(first: Sequence[dict[str, Any]], choices: Choices) -> Any:
    """Arms that nobody has sent yet."""
    return ArmSet(prefix="arms", initial=list(first), form_kwargs={"choices": choices})


def _arms(data: Any, choices: Choices) -> Any:
    """What was sent; with one more or one less where a button asked for that."""
    typed = typed_arms(data)
    if (kind := data.get("add_arm")) in (TUNED, BASE):
        last = typed[-1] if typed else {}
        typed.append({"kind": kind, "connection": last.get("connection", ""), "version": "", "shots": 0})
    elif (gone := data.get("take_out", "")).isdecimal():
        typed = [arm for number, arm in enumerate(typed) if number != int(gone[:3])]
    elif (first := data.get("put_first", "")).isdecimal() and int(first[:3]) < len(typed):
        typed.insert(0, typed.pop(int(first[:3])))
    else:
        return ArmSet(data, prefix="arms", form_kwargs={"choices": choices})
    return _shown(typed[:MOST_ARMS], choices)


def _planned(form: CasesForm, arms: Any) -> tuple[Plan | None, str]:
    """The plan, or the sentence of why there can be none. What is wrong with a field stands at the field."""
    filled, filled_arms = _filled(form), _filled_arms(arms)
    if not (filled.is_valid() and filled_arms.is_valid()):
        return None, ""
    try:
        return plan(arms=[arm.spec() for arm in filled_arms], **filled.asked()), ""
    except Conflict as refusal:
        return None, say(refusal.message)
    except InvalidInput as refusal:
        if not form.is_bound or not arms.is_bound:
            return None, say(refusal.message)
        for name, text in refusal.fields.items():
            _refused(form, arms, name, say(text))
        return None, ""


def _refused(form: CasesForm, arms: Any, name: str, text: str) -> None:
    """Put it where it belongs: `arms.1.model` is a field of the second model."""
    parts = name.split(".")
    if len(parts) == 3 and parts[1].isdecimal() and int(parts[1]) < len(arms.forms):
        arm: ArmForm = arms.forms[int(parts[1])]
        arm.add_error(parts[2] if parts[2] in arm.fields else None, text)
    else:
        form.add_error(name if name in form.fields else None, text)


def _filled(form: CasesForm) -> CasesForm:
    """The form as if its first values had been sent, so that a page that is only looked at has its plan, too."""
    if form.is_bound:
        return form
    first = {name: form[name].value() for name in form.fields}
    data = {name: getattr(value, "pk", value) for name, value in first.items() if value is not None}
    return CasesForm(data, datasets=form.fields["dataset"].queryset, dataset=form.initial["dataset"])  # type: ignore[attr-defined]


def _filled_arms(arms: Any) -> Any:
    if arms.is_bound:
        return arms
    data: dict[str, Any] = {"arms-TOTAL_FORMS": len(arms.forms), "arms-INITIAL_FORMS": 0}
    for number, arm in enumerate(arms.forms):
        data |= {f"arms-{number}-{name}": arm[name].value() for name in arm.fields if arm[name].value() is not None}
    return ArmSet(data, prefix="arms", form_kwargs=arms.form_kwargs)

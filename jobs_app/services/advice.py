"""Decision records: what was asked about a task, what was measured, which way was taken and what the others cost."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from datasets_app.models import Dataset
from ftstudio.accounts.models import AuditEntry, User
from ftstudio.accounts.policy import require
from ftstudio.errors import Conflict, InvalidInput, Text
from ftstudio.web.texts import to_row
from jobs_app.core import advisor, advisor_facts
from jobs_app.core.advisor_table import CONSTRAINTS, DECISIONS, OPTIONS, TARGET
from jobs_app.core.preflight_facts import QUESTIONS
from jobs_app.core.prices import CURRENCIES
from jobs_app.models import Advice, Connection, Job
from jobs_app.providers import PROVIDERS

from . import clones, jobs
from .advice_options import OptionLine, facts_of, options_of
from .evaluation_plans import newest_snapshot
from .evaluations import open_record

MOST_TEXT = 1000


def create(
    *,
    actor: User,
    dataset: Dataset,
    title: str = "",
    constraints: Mapping[str, Any] | None = None,
    follows: Advice | None = None,
) -> Advice:
    """Begin a record. One that `follows` another takes over its answers, limits, options and measurements."""
    require(actor, dataset.project_id, "advice.create")
    if follows is not None and follows.dataset_id != dataset.pk:
        raise InvalidInput(follows=_("Choose a record of the same dataset."))
    advice = Advice(
        project_id=dataset.project_id,
        dataset=dataset,
        title=_title(title or (follows.title if follows else dataset.name)),
        constraints=_constraints(constraints or {}, follows.constraints if follows else {}),
        follows=follows,
        created_by=actor,
    )
    if follows is not None:
        advice.answers, advice.options, advice.measured = follows.answers, follows.options, follows.measured
    with transaction.atomic():
        advice.save(force_insert=True)
        AuditEntry.objects.record(actor=actor, verb="advice.create", target=advice, project=dataset.project)
    return advice


def update(*, actor: User, advice: Advice, **changes: Any) -> Advice:
    """Change `title`, `constraints` (those given) or `options` (those given). A filed record is Conflict."""
    require(actor, advice.project_id, "advice.create")
    if unknown := set(changes) - {"title", "constraints", "options"}:
        raise InvalidInput.of({name: _("This cannot be changed.") for name in sorted(unknown)})
    with transaction.atomic():
        open_record(advice)
        if "title" in changes:
            advice.title = _title(changes["title"])
        if "constraints" in changes:
            advice.constraints = _constraints(changes["constraints"], advice.constraints)
        if "options" in changes:
            advice.options = _options(changes["options"], advice.options)
        advice.save(update_fields=["title", "constraints", "options"])
    return advice


def answer(
    *, actor: User, advice: Advice, decision: str, answer: str, reasons: Iterable[str] = (), note: str = ""
) -> Advice:
    """Answer a decision, or `answer=""` to take an answer back. What no longer lies on the way is dropped."""
    require(actor, advice.project_id, "advice.create")
    kept = advisor.read_answer(decision, answer, reasons, note) if answer or decision not in DECISIONS else None
    with transaction.atomic():
        open_record(advice)
        answers = {name: value for name, value in advice.answers.items() if name != decision}
        if kept is not None:
            answers[decision] = kept
        path = advisor.walk(answers)
        if kept is not None and decision not in {one.decision.id for one in path.taken}:
            raise Conflict(_("The answers so far do not lead to this question."))
        advice.answers = {one.decision.id: answers[one.decision.id] for one in path.taken}
        advice.save(update_fields=["answers"])
    return advice


def file(*, actor: User, advice: Advice, unmeasured: str = "", options: Iterable[Mapping[str, Any]] = ()) -> Advice:
    """Close the record for good: what is known and said now is kept with it, whatever changes later.

    `options` are said with it, as in `update`. Raises InvalidInput with a field for each thing that a record has to
    say: a reason for each option that is not taken, and why nothing was measured where nothing was.
    """
    require(actor, advice.project_id, "advice.file")
    with transaction.atomic():
        open_record(advice)
        advice.options = _options(options, advice.options)
        path, facts = advisor.walk(advice.answers), facts_of(advice)
        if not path.may_file:
            raise Conflict(_("Answer the questions first: the way has no end yet."), code="open")
        lines = options_of(advice)
        wrong: dict[str, Any] = {
            f"reason_{line.option}": Text("Say why this option was not taken.")
            for line in lines
            if not line.chosen and not line.reason
        }
        reason = unmeasured.strip()[:300]
        if facts.best() is None and not reason:
            wrong["unmeasured"] = Text("Measure the prompt first, or say why it cannot be measured.")
        if wrong:
            raise InvalidInput.of(wrong, Text("The record does not say enough yet."))
        advice.outcome, advice.unmeasured = path.at, reason if facts.best() is None else ""
        advice.filed_at, advice.filed_by = timezone.now(), actor
        advice.record = _record(advice, path, facts, lines)
        columns = ["options", "outcome", "unmeasured", "filed_at", "filed_by", "record"]
        advice.save(update_fields=columns)
        AuditEntry.objects.record(
            actor=actor, verb="advice.file", target=advice, project=advice.project, outcome=path.at
        )
    return advice


def draft_job(*, actor: User, advice: Advice, connection: Connection, name: str = "") -> Job:
    """A job draft that carries out what the record came to, and refers to it.

    Where DPO is to follow, it goes on from the model of the record's newest SFT through the same connection.
    """
    require(actor, advice.project_id, "jobs.create")
    station = advice.outcome or advisor.walk(advice.answers).at
    if advisor.chosen_option(station) != "sft":
        raise Conflict(_("This record does not come to training."))
    if connection.project_id != advice.project_id:
        raise InvalidInput(connection=_("Choose a connection of the record's own project."))
    method = "dpo" if station in ("dpo", "sft-dpo") else "supervised"
    offered = PROVIDERS[connection.kind].capabilities.methods if connection.kind in PROVIDERS else ()
    if method not in offered:
        raise InvalidInput(connection=Text("This provider does not offer the method {method}.", method=method))
    before = _tuned(advice, connection) if station == "sft-dpo" else None
    with transaction.atomic():
        if before is not None:
            job = clones.chain(actor=actor, job=before, name=name)
        else:
            job = _drafted(actor, advice, connection, name or f"{station}-{advice.created_at:%m%d%H%M}", method)
        job.advice = advice
        job.save(update_fields=["advice"])
    return job


def jobs_of(advice: Advice) -> list[Job]:
    """The jobs that refer to the record or to the one that it goes on from, the newest first."""
    records = [pk for pk in (advice.pk, advice.follows_id) if pk]
    rows = Job.objects.filter(advice__in=records).select_related("connection").defer("connection__credential")
    return list(rows.order_by("-created_at"))


def _tuned(advice: Advice, connection: Connection) -> Job | None:
    mine = (job for job in jobs_of(advice) if job.connection_id == connection.pk)
    return next((job for job in mine if "dpo" in clones.methods_after(job)), None)


def _drafted(actor: User, advice: Advice, connection: Connection, name: str, method: str) -> Job:
    return jobs.create(
        actor=actor,
        name=name,
        connection=connection,
        snapshot=newest_snapshot(advice.dataset_id),
        base_model=_base_model(advice, connection),
        recipe={"method": method},
        answers=dict.fromkeys(QUESTIONS, False),
    )


def _record(advice: Advice, path: advisor.Path, facts: advisor_facts.Facts, lines: list[OptionLine]) -> dict[str, Any]:
    """What a filed record keeps: questions, answers, what the facts said to each, options, and the conclusion."""
    readings = {one.decision.id: advisor_facts.reading(one.decision.id, facts) for one in path.taken}
    contradicted = {one.decision.id for one, _fact in advisor.disagreements(path, facts)}
    return {
        "steps": [
            {
                "decision": one.decision.id,
                "answer": one.answer,
                "reasons": list(one.reasons),
                "note": one.note,
                "fact": to_row(readings[one.decision.id].because),
                "against_fact": one.decision.id in contradicted,
            }
            for one in path.taken
        ],
        "advice": to_row(advisor.advice_at(path.at)),
        "cited": to_row(advisor_facts.cited(facts)),
        "facts": {"target": facts.target, "rows": facts.rows, "clean": facts.clean, "pairs": facts.pairs},
        "options": [
            {"option": line.option, "what": line.what, "cost": line.cost, "currency": line.currency,
             "reason": line.reason, "chosen": line.chosen}
            for line in lines
        ],
    }  # fmt: skip


def _base_model(advice: Advice, connection: Connection) -> str:
    """The dataset's, where this provider has it; else the person chooses."""
    wanted = advice.dataset.base_model
    return wanted if wanted in {model.id for model in PROVIDERS[connection.kind].base_models} else ""


def _title(raw: Any) -> str:
    title = " ".join(str(raw or "").split())
    if not title or len(title) > 200:
        raise InvalidInput(title=_("Use 1 to 200 characters."))
    return title


def _constraints(given: Mapping[str, Any], before: Mapping[str, Any]) -> dict[str, Any]:
    wrong: dict[str, Any] = {
        name: _("There is no limit of this name.") for name in given if name not in {"target", *CONSTRAINTS}
    }
    kept = dict(before)
    for name in CONSTRAINTS:
        if name in given:
            kept[name] = str(given[name] or "").strip()
            if len(kept[name]) > MOST_TEXT:
                wrong[name] = _("At most 1000 characters.")
    if "target" in given:
        try:
            kept["target"] = float(str(given["target"]).strip())
        except ValueError:
            kept["target"] = -1.0
        if not 0 < kept["target"] <= 100:
            wrong["target"] = _("Give a share from 1 to 100 percent.")
    if wrong:
        raise InvalidInput.of(wrong)
    return {"target": float(TARGET), **kept}


def _options(given: Iterable[Mapping[str, Any]], before: list[dict[str, Any]]) -> list[dict[str, Any]]:
    kept = {row["option"]: row for row in before}
    wrong: dict[str, Any] = {}
    for row in given:
        option = str(row.get("option", ""))
        if option not in OPTIONS:
            raise InvalidInput(options=Text("“{value}” is not one of the options.", value=option[:60]))
        line = {name: str(row.get(name) or "").strip() for name in ("what", "cost", "currency", "reason")}
        if len(line["what"]) > 300 or len(line["reason"]) > MOST_TEXT:
            wrong[f"reason_{option}"] = _("At most 1000 characters.")
        if line["cost"]:
            try:
                fine = Decimal(line["cost"]).is_finite() and 0 <= Decimal(line["cost"]) < 10**9
            except InvalidOperation:
                fine = False
            if not fine:
                wrong[f"cost_{option}"] = _("Give a cost such as 3 or 0.48.")
            if line["currency"] not in CURRENCIES:
                wrong[f"currency_{option}"] = _("Choose a currency.")
        else:
            line["currency"] = ""
        kept[option] = {"option": option, **line}
    if wrong:
        raise InvalidInput.of(wrong)
    return [kept[option] for option in OPTIONS if option in kept]

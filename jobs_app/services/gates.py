"""Release gates: what a model of a dataset must reach before production. It is set before anything is measured, names
the task's own metrics, and is asked whenever somebody promotes a model (`services.models.update`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from datasets_app.models import Dataset
from ftstudio.accounts.models import AuditEntry, User
from ftstudio.accounts.policy import require
from ftstudio.errors import Conflict, InvalidInput, Listed, Text
from ftstudio.web.texts import say
from jobs_app.core import gates
from jobs_app.core.cases import MOST_CASES
from jobs_app.core.gates import Condition
from jobs_app.core.scorers import SCORERS
from jobs_app.models import ModelVersion, ReleaseGate

from .standings import PRODUCTION, Standing, state

LEAST_CASES = 100  # from which on a rate is usable
LONGEST_REASON = 300


def of(dataset: Dataset) -> ReleaseGate | None:
    return ReleaseGate.objects.filter(dataset=dataset).select_related("updated_by").first()


def update(
    *, actor: User, dataset: Dataset, conditions: Sequence[Mapping[str, Any]], least_cases: Any = LEAST_CASES
) -> ReleaseGate:
    """Set the gate of a dataset. `conditions` are `core.gates.Condition` as data, one for a metric.

    Setting what is set already changes nothing, not even its day. Raises InvalidInput with the field `least_cases`,
    `conditions`, or the name of the metric whose condition cannot be used.
    """
    require(actor, dataset.project_id, "gates.update")
    wanted = _read(dataset, conditions)
    if isinstance(least_cases, bool) or not isinstance(least_cases, int) or not 1 <= least_cases <= MOST_CASES:
        raise InvalidInput(least_cases=Text("Give a whole number from 1 to {most}.", most=MOST_CASES))
    rows = [condition.to_data() for condition in wanted]
    with transaction.atomic():
        before = ReleaseGate.objects.select_for_update().filter(dataset=dataset).first()
        if before is not None and (before.conditions, before.least_cases) == (rows, least_cases):
            return before
        gate, _made = ReleaseGate.objects.update_or_create(
            dataset=dataset,
            defaults={
                "project_id": dataset.project_id, "conditions": rows, "least_cases": least_cases, "updated_by": actor,
            },
        )  # fmt: skip
        AuditEntry.objects.record(
            actor=actor, verb="gates.update", target=dataset, project=dataset.project, conditions=rows,
            least_cases=least_cases, before=before.conditions if before else None,
        )  # fmt: skip
    return gate


def clear(*, actor: User, dataset: Dataset) -> None:
    """Take the gate away: every model may be promoted. Without a gate nothing happens."""
    require(actor, dataset.project_id, "gates.update")
    with transaction.atomic():
        gate = ReleaseGate.objects.select_for_update().filter(dataset=dataset).first()
        if gate is None:
            return
        AuditEntry.objects.record(
            actor=actor, verb="gates.clear", target=dataset, project=dataset.project, before=gate.conditions
        )
        gate.delete()


@dataclass(frozen=True, slots=True)
class Pass:
    """Leave to promote a model, and what it rests on: whoever promotes looks whether that still holds."""

    standing: Standing
    reason: str  # of the owner who overrode the gate; "": it was met, or there is none
    rests_on: tuple[Any, ...]


def ask(*, actor: User, model: ModelVersion, override: str = "") -> Pass:
    """Whether the model may go into production.

    Raises Conflict(code="gate") with every condition that is not met and what to do about it; with a reason in
    `override` somebody who may override gates is let through nevertheless. Call it outside of a transaction: it may
    have to compare many answers.
    """
    rests_on = basis(model)
    standing = state(model)
    if standing.is_open:
        return Pass(standing, "", rests_on)
    reason = " ".join(override.split())
    if not reason:
        raise Conflict(
            Text("The release gate keeps “{model}” out of production. {says}", model=model.alias, says=standing.says),
            code="gate", details={"conditions": data_of(standing)},
        )  # fmt: skip
    require(actor, model.project_id, "gates.override")
    if len(reason) > LONGEST_REASON or "\x00" in reason:
        raise InvalidInput(override=_("At most 300 characters."))
    return Pass(standing, reason, rests_on)


def basis(model: ModelVersion) -> tuple[Any, ...]:
    """What a leave to promote rests on: the gate as it is, and what is in production where that is compared with."""
    snapshot = model.job.snapshot
    gate = ReleaseGate.objects.filter(dataset=snapshot.dataset_id).first() if snapshot else None
    if gate is None:
        return ()
    if not any(data.get("not_worse") for data in gate.conditions):
        return (gate.updated_at,)
    production = ModelVersion.objects.of_task(model).filter(stage=PRODUCTION).values_list("pk", flat=True)
    return gate.updated_at, production.first()


def record(*, actor: User, model: ModelVersion, leave: Pass) -> None:
    """Write down that the gate was overridden. Call it where the model is promoted, in the same transaction."""
    if leave.reason:
        evaluation = leave.standing.evaluation
        AuditEntry.objects.record(
            actor=actor, verb="gates.override", target=model, project=model.project, reason=leave.reason,
            unmet=[[one.metric, one.part, one.state] for one in leave.standing.unmet],
            evaluation=evaluation.number if evaluation else None,
        )  # fmt: skip


def data_of(standing: Standing) -> list[dict[str, Any]]:
    """The rulings for the API, in the reader's language."""
    return [
        {"metric": one.metric, "part": one.part, "state": one.state, "says": say(one.says),
         "do": say(one.do) if one.do else ""}
        for one in standing.rulings
    ]  # fmt: skip


def _read(dataset: Dataset, conditions: Sequence[Mapping[str, Any]]) -> list[Condition]:
    """The conditions, checked. Raises InvalidInput by the name of the metric."""
    if not conditions:
        raise InvalidInput(conditions=Text("Name at least one condition, or remove the gate."))
    wrong: dict[str, str] = {}
    found: dict[str, Condition] = {}
    for data in conditions:
        if not isinstance(data, Mapping) or (metric := SCORERS.get(str(data.get("metric", "")))) is None:
            known = Listed(SCORERS)
            raise InvalidInput(conditions=Text("Each condition names its metric, one of {known}.", known=known))
        condition = Condition.of(data)
        if condition.metric in found:
            wrong[metric.name] = Text("One condition for each metric.")
        elif (problem := gates.problem_of(condition, metric)) is not None:
            wrong[metric.name] = problem
        found[condition.metric] = condition
    if wrong:
        raise InvalidInput.of(wrong)
    return list(found.values())

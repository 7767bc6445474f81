"""Evaluations: the same held-out questions put to one or more models, each called in one way, by workers.

Everything that could change the result is stored before the first question is asked: the cases in their frozen
revisions, the contract, the metrics, the prompts, the examples and the prices of that day.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django.db import transaction
from django.db.models import F, Max, Prefetch, QuerySet
from django.utils import timezone

from datasets_app.models import Dataset, Snapshot
from datasets_app.services.given import check_client_id
from ftstudio.accounts.models import AuditEntry, Project, User
from ftstudio.accounts.policy import require
from ftstudio.errors import Conflict, InvalidInput, Text
from ftstudio.queue import enqueue
from jobs_app import tasks
from jobs_app.core.cases import CASES
from jobs_app.models import Advice, Arm, Case, Evaluation, JobFamily, Outcome
from jobs_app.models.asking import AskingState
from jobs_app.pipeline import closing
from jobs_app.pipeline.rates import why_shut

from . import budgets
from .evaluation_arms import ArmSpec, set_estimate, set_prices
from .evaluation_plans import Plan, PlannedCase, plan

__all__ = ["ArmSpec", "Plan", "again", "cancel", "open_record", "outcomes", "plan", "retry_errored", "start"]

AT_ONCE = 1000  # rows of one INSERT


def start(
    *,
    actor: User,
    dataset: Dataset,
    arms: Sequence[ArmSpec],
    name: str = "",
    side: str = "",
    n: Any = CASES,
    seed: Any = 0,
    snapshot: Snapshot | None = None,
    metrics: Iterable[str] = (),
    group_by: str = "",
    advice: Advice | None = None,
    family: JobFamily | None = None,
    client_id: str | None = None,
) -> Evaluation:
    """Have the models asked by workers; `arms` to `group_by` as in `plan`, number 0 is what others are compared with.

    Made for a record of the advisor (`advice`), what is found is written into it; one such runs at a time. The same
    `client_id` of the same person again gives the evaluation that it began. Raises Conflict where a connection is shut,
    where the project's budget does not reach, where a record is filed.
    """
    require(actor, dataset.project_id, "evaluations.create")
    require(actor, dataset.project_id, "models.call")
    check_client_id(client_id)
    if (before := _begun(actor, dataset.pk, client_id)) is not None:
        return before  # whatever has become of account and budget since: it asks for nothing new
    if advice is not None and advice.dataset_id != dataset.pk:
        raise InvalidInput(advice=Text("Choose a record of the same dataset."))
    if family is not None and family.project_id != dataset.project_id:
        raise InvalidInput(family=Text("Choose jobs of the same project."))
    if len(name) > 200 or "\x00" in name:
        raise InvalidInput(name=Text("Use 1 to 200 characters."))
    planned = plan(
        dataset=dataset, arms=arms, side=side, n=n, seed=seed, snapshot=snapshot, metrics=metrics, group_by=group_by
    )
    row = Evaluation(
        project_id=dataset.project_id, dataset=dataset, snapshot=planned.snapshot,
        name=name.strip() or " · ".join(arm.version.alias if arm.version else arm.model for arm in planned.arms)[:200],
        side=planned.side, seed=planned.seed, contract=dataset.contract, metrics=list(planned.metrics),
        group_by=planned.group_by, advice=advice, family=family, client_id=client_id or None,
    )  # fmt: skip
    return _begin(actor, row, planned.arms, planned.cases)


def again(*, actor: User, evaluation: Evaluation, client_id: str | None = None) -> Evaluation:
    """The same cases, put to the same models in the same words once more, at the prices of today: a new evaluation;
    the one that it has begun already where the request is sent again (`client_id`)."""
    require(actor, evaluation.project_id, "evaluations.create")
    require(actor, evaluation.project_id, "models.call")
    check_client_id(client_id)
    if (before := _begun(actor, evaluation.dataset_id, client_id)) is not None:
        return before
    row = Evaluation(
        project_id=evaluation.project_id, dataset=evaluation.dataset, snapshot=evaluation.snapshot,
        name=evaluation.name, side=evaluation.side, seed=evaluation.seed, contract=evaluation.contract,
        metrics=evaluation.metrics, group_by=evaluation.group_by, family=evaluation.family,
        client_id=client_id or None,
    )  # fmt: skip
    arms = [_same(arm) for arm in evaluation.arms.select_related("connection", "version__job")]
    cases = evaluation.cases.values_list("sample_id", "revision_id", "cluster", "tags")
    return _begin(actor, row, arms, [PlannedCase(*one) for one in cases])


def cancel(*, actor: User, evaluation: Evaluation) -> Evaluation:
    """Ask nothing more. What has been answered stays, and counts as a smaller one. Conflict once it has ended.

    Its arms end at once; the evaluation itself, when a worker has worked out what they came to, if to anything.
    """
    require(actor, evaluation.project_id, "evaluations.create")
    with transaction.atomic():
        arms = [arm.pk for arm in _locked(evaluation) if not arm.is_final]
        if not arms:
            raise Conflict(Text("This evaluation has ended already."), code="ended")
        Arm.objects.filter(pk__in=arms).update(state=AskingState.CANCELLED, finished_at=timezone.now(), next_at=None)
        AuditEntry.objects.record(actor=actor, verb="evaluations.cancel", target=evaluation, project=evaluation.project)
    if evaluation.arms.filter(asked__gt=0).exists():
        enqueue(tasks.close_evaluation, evaluation.pk)
    else:
        closing.close(evaluation.pk)
    evaluation.refresh_from_db()
    return evaluation


def retry_errored(*, actor: User, evaluation: Evaluation) -> Evaluation:
    """Ask once more what got no answer, and what was not asked any more. What was answered stays as it is.

    Conflict while it runs, and where everything has been answered.
    """
    require(actor, evaluation.project_id, "evaluations.create")
    require(actor, evaluation.project_id, "models.call")
    with transaction.atomic():
        budgets.hold(evaluation.project_id)
        due = [arm for arm in _locked(evaluation) if arm.errored or arm.asked < evaluation.total]
        if not due:
            raise Conflict(Text("Every case has been answered."), code="answered")
        _refuse_if_shut(due)
        _refuse_beyond_budget(evaluation.project_id, due)
        if not closing.reopen(evaluation.pk):
            raise Conflict(Text("This evaluation is still running."), code="running")
        for arm in due:
            arm.outcomes.filter(verdict="errored").update(verdict="", findings=[], scores={}, asked_at=None)
            Arm.objects.filter(pk=arm.pk).update(
                state=AskingState.WAITING, asked=F("asked") - F("errored"), errored=0, failures=0, says="",
                finished_at=None, next_at=None, scores={}, changes={},
            )  # fmt: skip
            enqueue(tasks.run_arm, arm.pk)
        AuditEntry.objects.record(
            actor=actor, verb="evaluations.retry", target=evaluation, project=evaluation.project, arms=len(due)
        )
    evaluation.refresh_from_db()
    return evaluation


def outcomes(evaluation: Evaluation) -> QuerySet[Case]:
    """Its cases in their order, each with the outcomes of all arms (`case.outcomes`) and its sample; no payloads."""
    answers = Outcome.objects.select_related("arm").order_by("arm__number")
    rows = Case.objects.filter(evaluation=evaluation).select_related("sample")
    return rows.prefetch_related(Prefetch("outcomes", queryset=answers)).order_by("number")


def open_record(advice: Advice) -> None:
    """Lock a decision record and bring it up to date in memory. Raises Conflict once it has been filed."""
    now = Advice.objects.select_for_update(of=("self",)).get(pk=advice.pk)
    for column in ("answers", "constraints", "measured", "options", "filed_at", "title"):
        setattr(advice, column, getattr(now, column))
    if advice.is_filed:
        raise Conflict(Text("This record has been filed and stays as it is. Begin a new one that goes on from it."))


def _begin(actor: User, row: Evaluation, arms: Sequence[Arm], cases: Sequence[PlannedCase]) -> Evaluation:
    """Write everything down and have it asked, unless the account, the budget or the record forbids it."""
    _refuse_if_shut(arms)
    with transaction.atomic():
        Project.objects.select_for_update(no_key=True).get(pk=row.project_id)  # numbers its evaluations
        if (before := _begun(actor, row.dataset_id, row.client_id)) is not None:
            return before  # the same request, sent twice at once
        budgets.hold(row.project_id)
        if row.advice is not None:
            open_record(row.advice)
            if Evaluation.objects.filter(advice=row.advice, finished_at=None).exists():
                raise Conflict(Text("A measurement of this record is running. Wait for it, or cancel it."),
                               code="running")  # fmt: skip
        _refuse_beyond_budget(row.project_id, arms)
        last = Evaluation.objects.filter(project=row.project_id).aggregate(last=Max("number"))["last"]
        row.number, row.total, row.created_by = (last or 0) + 1, len(cases), actor
        row.save(force_insert=True)
        for arm in arms:
            arm.evaluation, arm.created_by = row, actor
        Arm.objects.bulk_create(arms)
        made = Case.objects.bulk_create(
            [
                Case(
                    evaluation=row, number=number, sample_id=case.sample, revision_id=case.revision,
                    cluster=case.cluster, tags=list(case.tags),
                )
                for number, case in enumerate(cases, start=1)
            ],
            batch_size=AT_ONCE,
        )  # fmt: skip
        for arm in arms:
            Outcome.objects.bulk_create([Outcome(arm=arm, case=case) for case in made], batch_size=AT_ONCE)
        AuditEntry.objects.record(
            actor=actor, verb="evaluations.start", target=row, project=row.project, cases=row.total,
            models=[arm.model for arm in arms], cost=[[arm.estimate["cost"], arm.currency] for arm in arms],
        )  # fmt: skip
        for arm in arms:
            enqueue(tasks.run_arm, arm.pk)
    return row


def _begun(actor: User, dataset_id: Any, client_id: str | None) -> Evaluation | None:
    """What this person's request with this id has begun."""
    if not client_id:
        return None
    return Evaluation.objects.filter(dataset=dataset_id, created_by=actor, client_id=client_id).first()


def _same(arm: Arm) -> Arm:
    """A copy of an arm that has not asked anything, at the prices of today."""
    copy = Arm(
        number=arm.number, connection=arm.connection, version=arm.version, written_as=arm.written_as, shots=arm.shots,
        model=arm.version.called if arm.version else arm.model, seed=arm.seed, decoding=arm.decoding,
        system_prompt=arm.system_prompt, contract=arm.contract, examples=arm.examples,
    )  # fmt: skip
    set_prices(copy)
    set_estimate(copy, arm.estimate["prompt_tokens"], arm.estimate["completion_tokens"])
    return copy


def _locked(evaluation: Evaluation) -> Any:
    """Its arms, locked in the order of their keys."""
    rows = Arm.objects.select_for_update(of=("self",)).filter(evaluation=evaluation).select_related("connection")
    return rows.defer("connection__credential").order_by("pk")


def _refuse_if_shut(arms: Iterable[Arm]) -> None:
    for connection in {arm.connection_id: arm.connection for arm in arms}.values():
        if (shut := why_shut(connection)) is not None:
            raise Conflict(shut, code="stopped")


def _refuse_beyond_budget(project_id: Any, arms: Iterable[Arm]) -> None:
    if (refusal := budgets.check_asking(project_id, arms)) is not None:
        raise Conflict(refusal, code="budget")

"""How much a project may spend in a month on jobs and on asking models, what it has spent, and what is on its way."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from ftstudio.accounts.models import AuditEntry, Project, User
from ftstudio.accounts.policy import require
from ftstudio.errors import InvalidInput, Text
from jobs_app.core.prices import read_amount, read_currency
from jobs_app.models import Budget, Job
from jobs_app.models.asking import Asking
from jobs_app.pipeline.spending import Spending, awaited, month_start, shown, state

__all__ = [
    "Spending", "check", "check_amount", "check_asking", "hold", "month_start", "remove", "set_limit", "shown", "state",
]  # fmt: skip


def check(job: Job, estimate: Mapping[str, Any], *, lock: bool = False) -> Text | None:
    """Why the project's budget does not let this job be launched; None where it does.

    A job whose cost nobody can tell is stopped too where there is a budget that stops: what is not counted is how one
    is overrun. Rehearsals cost nothing. `lock`: nobody else is let through until the transaction ends.
    """
    if job.connection.is_rehearsal:
        return None
    if lock:
        hold(job.project_id)
    budgets = _stopping(job.project_id)
    if not budgets:
        return None
    awaits = awaited(estimate)
    if awaits is None:
        return Text("The project has a budget, and nobody can tell what this job will cost. Add its price first.")
    cost, currency = awaits
    budget = budgets.get(currency)
    if budget is None or budget.left is None or cost <= budget.left:
        return None
    return Text(
        "This month's budget is {limit} {currency}; {used} are spent or on their way, and this job would add {cost}.",
        limit=shown(budget.limit or Decimal(0)),
        currency=currency,
        used=shown(budget.spent + budget.expected),
        cost=shown(cost),
    )


def check_asking(project_id: UUID, rows: Iterable[Asking]) -> Text | None:
    """Why the project's budget does not let these models be asked (further); None where it does. As `check` for jobs:
    where a budget stops, what nobody can count is not begun."""
    budgets = _stopping(project_id)
    if not budgets:
        return None
    due: dict[str, Decimal] = defaultdict(Decimal)
    for row in rows:
        if row.connection.is_rehearsal:  # type: ignore[attr-defined]
            continue
        estimated = (row.estimate or {}).get("cost")
        if estimated is None:
            return _uncounted(row.model)
        due[row.currency] += max(Decimal(0), Decimal(estimated) - (row.cost or Decimal(0)))
    for currency, cost in due.items():
        if (refusal := _beyond(budgets.get(currency), cost)) is not None:
            return refusal
    return None


def check_amount(project_id: UUID, cost: Decimal | None, currency: str, *, model: str) -> Text | None:
    """Why the project's budget does not let a model be asked something that costs so much at most; None where it does.
    Where a budget stops, what nobody can count is not asked."""
    budgets = _stopping(project_id)
    if budgets and cost is None:
        return _uncounted(model)
    return _beyond(budgets.get(currency), cost or Decimal(0))


def _uncounted(model: str) -> Text:
    return Text(
        "The project has a budget, and nobody can tell what asking “{model}” costs. Add its price first.", model=model
    )


def _beyond(budget: Spending | None, cost: Decimal) -> Text | None:
    if budget is None or budget.left is None or cost <= budget.left:
        return None
    return Text(
        "This month's budget is {limit} {currency}; {used} are spent or on their way, and this would add {cost}.",
        limit=shown(budget.limit or Decimal(0)),
        currency=budget.currency,
        used=shown(budget.spent + budget.expected),
        cost=shown(cost),
    )


def hold(project_id: UUID) -> None:
    """Let nobody else be counted against the project's budgets until the transaction ends."""
    list(Budget.objects.select_for_update().filter(project_id=project_id).order_by("pk"))


def _stopping(project_id: UUID) -> dict[str, Spending]:
    return {one.currency: one for one in state(project_id) if one.limit is not None and one.stops}


def set_limit(*, actor: User, project: Project, currency: str, amount: Any, stops: bool = True) -> Budget:
    """Set the project's budget of a month in one currency. Raises InvalidInput for an amount or a currency."""
    require(actor, project, "budgets.update")
    try:
        code = read_currency(currency)
    except ValueError as refusal:
        raise InvalidInput(currency=refusal.args[0]) from None
    try:
        limit = read_amount(amount)
    except ValueError as refusal:
        raise InvalidInput(amount=refusal.args[0]) from None
    if limit == 0:
        raise InvalidInput(amount=_("A budget of 0 stops everything. Give an amount, or remove the budget."))
    with transaction.atomic():
        budget, _made = Budget.objects.update_or_create(
            project=project,
            currency=code,
            defaults={"amount": limit, "stops": stops, "changed_by": actor},
        )
        AuditEntry.objects.record(
            actor=actor, verb="budgets.update", target=budget, project=project, amount=str(limit), stops=stops
        )
    return budget


def remove(*, actor: User, budget: Budget) -> None:
    """Let the project spend without a limit in this currency again."""
    require(actor, budget.project_id, "budgets.update")
    with transaction.atomic():
        AuditEntry.objects.record(
            actor=actor, verb="budgets.remove", target=budget, project=budget.project, currency=budget.currency
        )
        budget.delete()

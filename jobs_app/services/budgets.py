"""How much a project may spend on jobs in a month, what it has spent, and what is on its way to be spent."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from ftstudio.accounts.models import AuditEntry, Project, User
from ftstudio.accounts.policy import require
from ftstudio.errors import InvalidInput, Text
from jobs_app.core.prices import read_amount, read_currency
from jobs_app.models import Budget, Job


@dataclass(frozen=True, slots=True)
class Spending:
    """One currency in the running month: booked costs, and the estimates of jobs that have not ended yet.

    `limit` None: no budget is set. `stops`: no job is launched that would go beyond it.
    """

    currency: str
    spent: Decimal
    expected: Decimal
    limit: Decimal | None = None
    stops: bool = False

    @property
    def left(self) -> Decimal | None:
        return None if self.limit is None else self.limit - self.spent - self.expected

    @property
    def percent(self) -> int | None:
        """Of the limit, spent and expected together; above 100 where it is exceeded."""
        return None if not self.limit else int((self.spent + self.expected) * 100 / self.limit)


def state(project_id: UUID) -> list[Spending]:
    """Each currency in which there is a budget or a cost this month."""
    spent: dict[str, Decimal] = defaultdict(Decimal)
    expected: dict[str, Decimal] = defaultdict(Decimal)
    rows = Job.objects.filter(project_id=project_id, launched_at__gte=month_start())
    for cost, currency, estimate, ended in rows.values_list("cost", "currency", "estimate", "finished_at"):
        if cost is not None:
            spent[currency] += cost
        elif ended is None and (awaited := _awaited(estimate)):
            expected[awaited[1]] += awaited[0]
    budgets = {budget.currency: budget for budget in Budget.objects.filter(project_id=project_id)}
    return [
        Spending(
            currency,
            spent[currency],
            expected[currency],
            budgets[currency].amount if currency in budgets else None,
            budgets[currency].stops if currency in budgets else False,
        )
        for currency in sorted({*budgets, *spent, *expected})
        if currency
    ]


def check(job: Job, estimate: Mapping[str, Any], *, lock: bool = False) -> Text | None:
    """Why the project's budget does not let this job be launched; None where it does.

    A job whose cost nobody can tell is stopped too where there is a budget that stops: what is not counted is how one
    is overrun. Rehearsals cost nothing. `lock`: nobody else is let through until the transaction ends.
    """
    if job.connection.is_rehearsal:
        return None
    if lock:
        list(Budget.objects.select_for_update().filter(project_id=job.project_id).order_by("pk"))
    budgets = {one.currency: one for one in state(job.project_id) if one.limit is not None and one.stops}
    if not budgets:
        return None
    awaited = _awaited(estimate)
    if awaited is None:
        return Text("The project has a budget, and nobody can tell what this job will cost. Add its price first.")
    cost, currency = awaited
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


def month_start() -> datetime:
    """The first moment of the running month, in the installation's time zone."""
    return timezone.localtime().replace(day=1, hour=0, minute=0, second=0, microsecond=0)


def shown(amount: Decimal) -> str:
    """An amount as people write it: two places."""
    return f"{amount:.2f}"


def _awaited(estimate: Mapping[str, Any] | None) -> tuple[Decimal, str] | None:
    """What a launched job is expected to cost: the provider's own word before ours."""
    for source in ((estimate or {}).get("provider"), estimate):
        if source and source.get("cost") is not None:
            return Decimal(str(source["cost"])), str(source.get("currency") or "")
    return None

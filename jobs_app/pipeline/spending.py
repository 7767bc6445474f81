"""What a project has spent this month, what is on its way, and whether that is more than it may.

Here and not among the services, because a worker asks, too: a provider's own estimate comes after the launch.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet, Sum
from django.utils import timezone

from ftstudio.errors import Text
from jobs_app.core import lifecycle
from jobs_app.models import Arm, Budget, Connection, Job, PlaygroundAnswer, Synthesis
from jobs_app.models.asking import Asking, AskingState


@dataclass(frozen=True, slots=True)
class Spending:
    """One currency in the running month: booked costs, and what is expected of jobs, evaluations, syntheses and answers
    of the playground whose costs nobody has told yet.

    `limit` None: no budget is set. `stops`: nothing is begun that would go beyond it, and no model asked any further.
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
    def part(self) -> float:
        """Of the limit, spent and expected together, at most 1, for a bar."""
        return min(1.0, float((self.spent + self.expected) / self.limit)) if self.limit else 0.0

    @property
    def percent(self) -> int | None:
        """Of the limit, spent and expected together; above 100 where it is exceeded."""
        return None if not self.limit else int((self.spent + self.expected) * 100 / self.limit)


def state(project_id: UUID) -> list[Spending]:
    """Each currency in which there is a budget or a cost this month."""
    spent: dict[str, Decimal] = defaultdict(Decimal)
    expected: dict[str, Decimal] = defaultdict(Decimal)
    rows = Job.objects.filter(project_id=project_id, launched_at__gte=month_start())
    rows = rows.exclude(connection__in=rehearsals(project_id))
    for cost, currency, estimate, state in rows.values_list("cost", "currency", "estimate", "state"):
        if cost is not None and currency:
            spent[currency] += cost
        elif state not in (lifecycle.FAILED, lifecycle.CANCELLED) and (due := awaited(estimate)):
            # A success that names no bill has cost something all the same: what was expected stays reserved.
            expected[due[1]] += due[0]
    for asking in _asked(project_id):
        spent[asking.currency] += asking.cost or Decimal(0)
        expected[asking.currency] += still_due(asking) or Decimal(0)
    for currency, paid, reserved in _answered(project_id):
        spent[currency] += paid or Decimal(0)
        expected[currency] += reserved or Decimal(0)
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


def rehearsals(project_id: UUID) -> list[UUID]:
    """The project's connections through which nothing is trained, whatever their kind: they cost nothing."""
    rows = Connection.objects.filter(project_id=project_id).only("kind", "base_url")
    return [connection.pk for connection in rows if connection.is_rehearsal]


def beyond_budget(job: Job) -> Text | None:
    """Why a launched job may not go on: with its estimate, which counts already, a budget that stops is exceeded."""
    due = awaited(job.estimate)
    if due is None or job.connection.is_rehearsal:
        return None
    for one in state(job.project_id):
        if one.currency == due[1] and one.stops and one.left is not None and one.left < 0:
            return Text(
                "By the provider's own estimate this job would take the month {over} {currency} beyond the budget of "
                "{limit}. Nothing has been created. Raise the budget and launch a clone.",
                over=shown(-one.left),
                currency=one.currency,
                limit=shown(one.limit or Decimal(0)),
            )
    return None


def asking_beyond_budget(row: Asking) -> Text | None:
    """Why a model may be asked no further: a budget that stops is exceeded, or nobody can count against it."""
    connection = row.connection  # type: ignore[attr-defined]
    project_id = connection.project_id
    stopping = set(Budget.objects.filter(project=project_id, stops=True).values_list("currency", flat=True))
    if not stopping or connection.is_rehearsal:
        return None
    if not row.currency:
        return Text("The project has a budget, and nobody can tell what asking this model costs. Add its price first.")
    for one in state(project_id) if row.currency in stopping else ():
        if one.currency == row.currency and one.left is not None and one.left < 0:
            return Text(
                "This month's budget of {limit} {currency} is exceeded by {over}. What has been answered stays; raise "
                "the budget, then ask the rest.",
                limit=shown(one.limit or Decimal(0)),
                currency=one.currency,
                over=shown(-one.left),
            )
    return None


def still_due(row: Asking) -> Decimal | None:
    """What it is expected to cost from here on; None where no price is known.

    One that has ended costs nothing more, but for answers whose provider did not count: then what was expected stays.
    """
    estimated = (row.estimate or {}).get("cost")
    if estimated is None:
        return None
    if row.is_final and (row.cost is not None or row.state != AskingState.DONE):
        return Decimal(0)
    return max(Decimal(0), Decimal(estimated) - (row.cost or Decimal(0)))


def _asked(project_id: UUID) -> Iterator[Asking]:
    """What models were asked this month for evaluations and syntheses, as far as it is paid for."""
    columns = ("cost", "currency", "estimate", "state")
    rehearsed = rehearsals(project_id)
    for rows in (
        Arm.objects.filter(evaluation__project_id=project_id),
        Synthesis.objects.filter(dataset__project_id=project_id),
    ):
        recent: Any = rows.filter(created_at__gte=month_start()).exclude(currency="")
        yield from recent.exclude(connection__in=rehearsed).order_by().only(*columns)


def _answered(project_id: UUID) -> QuerySet[PlaygroundAnswer, tuple[str, Decimal | None, Decimal | None]]:
    """What the playground has cost this month by currency, and what is reserved for the answers under way."""
    rows = PlaygroundAnswer.objects.filter(project_id=project_id, created_at__gte=month_start()).exclude(currency="")
    sums = rows.order_by().values("currency").annotate(paid=Sum("cost"), due=Sum("expected", filter=Q(cost=None)))
    return sums.values_list("currency", "paid", "due")


def month_start() -> datetime:
    """The first moment of the running month, in the installation's time zone."""
    return timezone.localtime().replace(day=1, hour=0, minute=0, second=0, microsecond=0)


def shown(amount: Decimal) -> str:
    """An amount as people write it: two places."""
    return f"{amount:.2f}"


def awaited(estimate: Mapping[str, Any] | None) -> tuple[Decimal, str] | None:
    """What a launched job is expected to cost: the provider's own word before ours. An amount without a currency can be
    held against no budget, so it counts as unknown."""
    for source in ((estimate or {}).get("provider"), estimate):
        if source and source.get("cost") is not None and source.get("currency"):
            return Decimal(str(source["cost"])), str(source["currency"])
    return None

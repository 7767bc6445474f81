"""What a project has spent on jobs and on asking models, by month and provider, each currency for itself. Read only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import Count, Q, Sum
from django.db.models.functions import TruncMonth
from django.utils import timezone

from jobs_app.models import Arm, Job, PlaygroundAnswer, Synthesis
from jobs_app.pipeline.spending import rehearsals

MONTHS = 6


@dataclass(frozen=True, slots=True)
class Line:
    """One provider in one month. `share` is of the dearest line in the same currency, for the bar; `unknown` jobs have
    ended without anybody knowing what they cost."""

    month: date
    kind: str
    currency: str
    total: Decimal
    jobs: int
    unknown: int
    share: float
    evaluations: int = 0
    syntheses: int = 0
    answers: int = 0  # of the playground


def by_month(project_id: UUID, *, months: int = MONTHS) -> list[Line]:
    """Booked costs of what was begun in the last `months` months, the newest first, without rehearsals."""
    today = timezone.localdate()
    back = today.year * 12 + today.month - months
    start = timezone.make_aware(datetime(back // 12, back % 12 + 1, 1))
    rows: list[dict[str, Any]] = list(
        Job.objects.filter(project_id=project_id, launched_at__gte=start)
        .exclude(connection__in=rehearsals(project_id))
        .order_by()
        .values("connection__kind", "currency", month=TruncMonth("launched_at"))
        .annotate(total=Sum("cost"), n=Count("pk"), unknown=Count("pk", filter=Q(cost=None, finished_at__isnull=False)))
    )
    rows = _with_asking(_with_their_currency(rows), project_id, start)
    dearest: dict[str, Decimal] = {}
    for row in rows:
        row["total"] = row["total"] or Decimal(0)
        dearest[row["currency"]] = max(dearest.get(row["currency"], Decimal(0)), row["total"])
    lines = [
        Line(
            timezone.localtime(row["month"]).date(), row["connection__kind"], row["currency"], row["total"], row["n"],
            row["unknown"], float(row["total"] / dearest[row["currency"]]) if dearest[row["currency"]] else 0.0,
            row.get("evaluations", 0), row.get("syntheses", 0),
            row.get("answers", 0),
        )
        for row in rows
    ]  # fmt: skip
    return sorted(lines, key=lambda line: (-line.month.toordinal(), line.currency, -line.total, line.kind))


def _with_their_currency(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Jobs without a cost have no currency: they are told of on their provider's line of the month, if it has one."""
    priced: dict[tuple[Any, str], dict[str, Any]] = {}
    for row in sorted(rows, key=lambda row: row["total"] or 0, reverse=True):
        if row["currency"]:
            priced.setdefault((row["month"], row["connection__kind"]), row)
    kept = [row for row in rows if row["currency"]]
    for row in rows:
        if not row["currency"]:
            line = priced.get((row["month"], row["connection__kind"]))
            if line is None:
                kept.append(row)
            else:
                line["n"], line["unknown"] = line["n"] + row["n"], line["unknown"] + row["unknown"]
    return kept


def _with_asking(rows: list[dict[str, Any]], project_id: UUID, start: datetime) -> list[dict[str, Any]]:
    """The rows, and what models were asked for evaluations, for syntheses and in the playground, on the line of their
    provider and month."""
    by_key = {(row["month"], row["connection__kind"], row["currency"]): row for row in rows}
    rehearsed = rehearsals(project_id)
    for noun, of, asked in (
        ("evaluations", "evaluation", Arm.objects.filter(evaluation__project_id=project_id)),
        ("syntheses", "pk", Synthesis.objects.filter(dataset__project_id=project_id)),
        ("answers", "pk", PlaygroundAnswer.objects.filter(project_id=project_id)),
    ):
        begun: Any = asked.filter(created_at__gte=start).exclude(currency="").exclude(connection__in=rehearsed)
        found = begun.order_by().values("connection__kind", "currency", month=TruncMonth("created_at"))
        for one in found.annotate(total=Sum("cost"), n=Count(of, distinct=True)):
            key = (one["month"], one["connection__kind"], one["currency"])
            empty = {**one, "total": None, "n": 0, "unknown": 0}
            row = by_key.setdefault(key, empty)
            row["total"] = (row["total"] or Decimal(0)) + (one["total"] or Decimal(0))
            row[noun] = one["n"]
    return list(by_key.values())

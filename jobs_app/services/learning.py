"""What this project's own jobs teach about the next one: how long they took, and by how much estimates were wrong."""

from __future__ import annotations

from decimal import Decimal

from jobs_app.core import lifecycle
from jobs_app.core.estimates import Miss, Pace, miss_of, pace_of
from jobs_app.models import Job

LATEST = 20  # jobs that count; older ones ran on other machines and at other prices


def learnt(job: Job) -> tuple[Pace | None, Miss | None]:
    """From the last jobs that succeeded at the same provider: of the same base model, if there are any."""
    columns = ("base_model", "trained_tokens", "started_at", "finished_at", "cost", "currency", "estimate")
    ended = (
        Job.objects.filter(project=job.project_id, connection__kind=job.connection.kind, state=lifecycle.SUCCEEDED)
        .exclude(pk=job.pk)
        .order_by("-finished_at")
        .values_list(*columns)[: 5 * LATEST]
    )
    rows = list(ended)
    rows = [row for row in rows if row[0] == job.base_model][:LATEST] or rows[:LATEST]
    runs, bills = [], []
    for _model, tokens, began, ended_at, cost, currency, estimate in rows:
        if tokens and began and ended_at:
            runs.append(((ended_at - began).total_seconds(), tokens))
        expected = (estimate or {}).get("cost")
        if cost is not None and expected is not None and (estimate or {}).get("currency") == currency:
            bills.append((Decimal(str(expected)), cost))
    return pace_of(runs), miss_of(bills)

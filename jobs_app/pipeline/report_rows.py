"""What a provider reports, as rows: events, figures, checkpoints. A second report of the same thing changes nothing."""

from __future__ import annotations

import hashlib
import math
from typing import Any

from jobs_app.models import Checkpoint, Job, JobEvent, JobMetric
from jobs_app.models.report import OURS
from jobs_app.providers.base import Report

LARGEST_STEP = 2**31 - 1
LONGEST = 20_000  # characters of an event; what is cut off is in its raw answer
DEEPEST = 100  # levels of an answer that are kept: no provider has more to say, and what is deeper breaks who reads it


def store_rows(job: Job, report: Report) -> None:
    """Events, figures and checkpoints. Unique keys make a second report of the same thing nothing."""
    JobEvent.objects.bulk_create(
        [
            JobEvent(
                job=job,
                provider_id=_short_id(event.id),
                at=event.at,
                level=event.level[:10],
                message=event.message[:LONGEST].replace("\0", "\ufffd"),
                data=finite(dict(event.data)) if event.data else None,
                raw=finite(dict(event.raw)) if event.raw else None,
            )
            for event in report.events
        ],
        ignore_conflicts=True,
        batch_size=500,
    )
    JobMetric.objects.bulk_create(
        [
            # SQLite keeps no NaN. Infinity says the same of a loss: it is no number any more.
            JobMetric(job=job, step=p.step, name=p.name, value=math.inf if math.isnan(p.value) else p.value)
            for p in report.points
            if p.step <= LARGEST_STEP
        ],
        ignore_conflicts=True,
        batch_size=500,
    )
    Checkpoint.objects.bulk_create(
        [
            Checkpoint(
                job=job,
                provider_id=checkpoint.id[:200],
                step=checkpoint.step,
                model=checkpoint.model[:200],
                metrics={name: value for name, value in checkpoint.metrics.items() if math.isfinite(value)},
                at=checkpoint.at,
            )
            for checkpoint in report.checkpoints
            if 0 <= checkpoint.step <= LARGEST_STEP
        ],
        ignore_conflicts=True,
    )


def finite(value: Any, depth: int = 0) -> Any:
    """The value with null for what is no number in JSON, and for what lies too deep. A loss that is NaN is a figure,
    and kept there."""
    if depth > DEEPEST:
        return None
    if isinstance(value, dict):
        return {name: finite(one, depth + 1) for name, one in value.items()}
    if isinstance(value, list):
        return [finite(one, depth + 1) for one in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _short_id(provider_id: str) -> str:
    """The provider's id, or what stands for one that is longer than the column or could be taken for one of ours."""
    return (
        provider_id
        if len(provider_id) <= 100 and not provider_id.startswith(OURS)
        else hashlib.sha256(provider_id.encode()).hexdigest()
    )

"""Jobs that have run, made row by row: curves without a provider."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.utils import timezone

from jobs_app.models import Checkpoint, Connection, Job, JobMetric

OVERFIT = ((10, 0.9), (20, 0.6), (30, 0.5), (40, 0.56), (50, 0.63))
S1 = b"step,loss\n0,2.5\n100,0.3\n150,0.2\n2500,0.19\n"


def make_stage(owner: Any, project: Any) -> Connection:
    return Connection.objects.create(project=project, name="Stage", kind="rehearsal", credential="k", created_by=owner)


def make_job(owner: Any, project: Any, connection: Connection, name: str, **more: Any) -> Job:
    """A job that succeeded: 60 steps of a falling training loss, and a validation loss that has turned."""
    now = timezone.now()
    valid = more.pop("valid", OVERFIT)
    values = {
        "recipe": {"method": "supervised", "epochs": 3}, "state": "succeeded", "rows_train": 80,
        "rows_validation": 40, "estimate": {"epochs": 3}, "trained_tokens": 12_000, "marker": name,
        "launched_at": now - timedelta(minutes=49, seconds=38), "finished_at": now, "base_model": "rehearsal-small",
    }  # fmt: skip
    job = Job.objects.create(project=project, connection=connection, name=name, created_by=owner, **{**values, **more})
    points = [("train_loss", step, 2.4 * 0.95**step) for step in range(1, 61)]
    points += [("train_mean_token_accuracy", step, 1 - 0.6 * 0.96**step) for step in range(1, 61)]
    points += [("learning_rate", step, 1e-4 * (1 - step / 70)) for step in range(1, 61)]
    points += [("full_valid_loss", step, value) for step, value in valid]
    JobMetric.objects.bulk_create(JobMetric(job=job, name=n, step=s, value=v) for n, s, v in points)
    Checkpoint.objects.bulk_create(
        Checkpoint(job=job, provider_id=f"{name}-{step}", step=step, model=f"ft:{name}:{step}", at=now,
                   metrics={"full_valid_loss": value, "train_loss": 2.4 * 0.95**step})
        for step, value in valid[1::2]
    )  # fmt: skip
    return job

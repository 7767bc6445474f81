"""What a worker is told: an id, and which stage to run. Each is safe to run twice; beat sweeps up what was lost."""

from __future__ import annotations

from celery import shared_task

from datasets_app.models import Dataset, Export, Snapshot, Upload
from datasets_app.models.snapshot import SnapshotState

from .pipeline import check, freeze, ingest
from .pipeline import write_export as export_stage


@shared_task
def ingest_upload(upload_id: str) -> None:
    """Import an uploaded file, from where it stopped."""
    ingest.ingest(upload_id)


@shared_task
def check_dataset(dataset_id: str) -> None:
    """Grade a dataset's samples again under its present rules."""
    check.check(dataset_id)


@shared_task
def freeze_snapshot(snapshot_id: str) -> None:
    """Build a snapshot."""
    freeze.freeze(snapshot_id)


@shared_task
def write_export(export_id: str) -> None:
    """Write an export's file."""
    export_stage.write_export(export_id)


@shared_task
def sweep() -> int:
    """Send again whatever is unfinished and held by nobody: a message was lost or a worker died. Returns how much."""
    unfinished = (
        (ingest_upload, Upload.objects.unfinished()),
        (check_dataset, Dataset.objects.to_check()),
        (freeze_snapshot, Snapshot.objects.filter(state=SnapshotState.BUILDING)),
        (write_export, Export.objects.unfinished()),
    )
    sent = 0
    for task, rows in unfinished:
        for pk in rows.abandoned().order_by().values_list("pk", flat=True):
            task.delay(str(pk))
            sent += 1
    return sent

"""What a worker is told: an id, and which stage to run. Each is safe to run twice; beat sweeps up what was lost."""

from __future__ import annotations

from uuid import UUID

from celery import shared_task
from django.conf import settings

from datasets_app.models import BulkChange, Dataset, Draft, Export, LossReport, Scan, Snapshot, Upload
from datasets_app.models.snapshot import SnapshotState
from ftstudio import heart

from .pipeline import bulk_changes, check, freeze, held, ingest, leaks, settling
from .pipeline import scan as scan_stage
from .pipeline import write_export as export_stage
from .pipeline import write_loss_report as loss_stage


def _abreast() -> int:
    """Chunks of one upload or re-check that are worked on at the same time: one for every worker."""
    return settings.INGEST_PARALLEL or max(1, heart.workers())


@shared_task
def ingest_upload(upload_id: str) -> None:
    """Begin with an uploaded file or go on with it: the first of its chunks here, a few more as messages."""
    waiting = ingest.begin(upload_id, _abreast())
    for chunk_id in waiting[1:]:
        ingest_chunk.delay(str(chunk_id))
    if waiting:
        ingest_chunk(str(waiting[0]))


@shared_task
def ingest_chunk(chunk_id: str) -> None:
    """Import a chunk of an upload and those after it, and call other workers to help."""
    ingest.go_through(chunk_id, _abreast(), lambda another: ingest_chunk.delay(str(another)))
    _send_scans()  # the last chunk of an upload asks for one


@shared_task
def check_dataset(dataset_id: str) -> None:
    """Begin to grade a dataset's samples again under its present rules, or go on with it; chunks as for an upload."""
    waiting = check.begin(dataset_id, _abreast())
    for chunk_id in waiting[1:]:
        check_chunk.delay(str(chunk_id))
    if waiting:
        check_chunk(str(waiting[0]))
    _send_scans()


@shared_task
def check_chunk(chunk_id: str) -> None:
    """Grade a chunk of a dataset again and those after it, and call other workers to help."""
    check.go_through(chunk_id, _abreast(), lambda another: check_chunk.delay(str(another)))
    _send_scans()  # the last chunk asks for one


@shared_task
def scan_dataset(scan_id: str) -> None:
    """Look over a whole dataset; and again, if that was asked for meanwhile."""
    if scan_stage.scan(scan_id):
        _send_scans()
        for pk in Scan.objects.filter(pk=scan_id).values_list("dataset", flat=True):
            count_leaks.delay(str(pk))


@shared_task
def count_leaks(dataset_id: str) -> None:
    """Find out what leaks between the sides of the newest snapshot, which the newest scan has not seen."""
    leaks.recount(UUID(dataset_id))


def _send_scans() -> None:
    for pk in Scan.objects.unfinished().abandoned().order_by().values_list("pk", flat=True):
        scan_dataset.delay(str(pk))


@shared_task
def freeze_snapshot(snapshot_id: str) -> None:
    """Build a snapshot, and call for those of its dataset that waited for it."""
    if freeze.freeze(snapshot_id):
        same = Snapshot.objects.filter(dataset__snapshots__pk=snapshot_id, state=SnapshotState.BUILDING)
        for pk in same.abandoned().order_by("number").values_list("pk", flat=True):
            freeze_snapshot.delay(str(pk))
        for pk in Snapshot.objects.filter(pk=snapshot_id).values_list("dataset", flat=True):
            count_leaks.delay(str(pk))


@shared_task
def write_export(export_id: str) -> None:
    """Write an export's file."""
    export_stage.write_export(export_id)


@shared_task
def write_loss_report(report_id: str) -> None:
    """Find out what a format would lose."""
    loss_stage.write_loss_report(report_id)


@shared_task
def run_bulk_change(change_id: str) -> None:
    """Prepare, apply or undo a bulk change, from where it stopped."""
    bulk_changes.run(change_id)


@shared_task
def settle_annotations(dataset_id: str) -> None:
    """Compare the annotations of samples that ask for fewer now than they have."""
    settling.settle_all(dataset_id)


@shared_task
def sweep() -> int:
    """Send again whatever is unfinished and held by nobody: a message was lost or a worker died. Returns how much.

    What was held too long for somebody's go is thrown away.
    """
    held.forget_old()
    Draft.objects.clear_settled()
    unfinished = (
        (ingest_upload, Upload.objects.unsettled()),
        (check_dataset, Dataset.objects.to_check()),
        (freeze_snapshot, Snapshot.objects.filter(state=SnapshotState.BUILDING)),
        (write_export, Export.objects.unfinished()),
        (write_loss_report, LossReport.objects.unfinished()),
        (run_bulk_change, BulkChange.objects.working()),
        (scan_dataset, Scan.objects.unfinished()),
    )
    for pk in settling.perhaps_unsettled().values_list("pk", flat=True):
        settle_annotations.delay(str(pk))
    for pk in leaks.perhaps_stale():
        count_leaks.delay(str(pk))
    sent = 0
    for task, rows in unfinished:
        for pk in rows.abandoned().order_by().values_list("pk", flat=True):
            task.delay(str(pk))
            sent += 1
    return sent

"""Loss reports: what a format would lose of a snapshot, asked for before anybody exports."""

from __future__ import annotations

from django.db import transaction

from datasets_app import tasks
from datasets_app.models import LossReport, Snapshot
from datasets_app.models.upload import UploadState
from datasets_app.pipeline.write_rows import ALL
from ftstudio.accounts.models import AuditEntry, User
from ftstudio.accounts.policy import require
from ftstudio.queue import enqueue

from .exports import check_target, require_ready


def request(*, actor: User, snapshot: Snapshot, codec: str, split: str = ALL) -> LossReport:
    """Have a worker find out what would be lost; one that is being worked on is not begun again.

    Every sample goes through the format, so the numbers are exact. Raises InvalidInput for an unknown format or
    split, Conflict `not_ready` before the snapshot is built.
    """
    require(actor, snapshot.dataset.project_id, "exports.create")
    check_target(codec, split)
    require_ready(snapshot)
    with transaction.atomic():
        report, made = LossReport.objects.select_for_update().get_or_create(
            snapshot=snapshot, codec=codec, split=split, defaults={"created_by": actor}
        )
        if made or report.is_final:
            report.state, report.rows_seen, report.report, report.error = UploadState.WAITING, 0, {}, None
            report.created_by, report.finished_at = actor, None
            report.save()
            AuditEntry.objects.record(
                actor=actor, verb="exports.examine", target=report, project=snapshot.dataset.project, codec=codec
            )
        enqueue(tasks.write_loss_report, report.pk)
    return report


def find(*, snapshot: Snapshot, codec: str, split: str = ALL) -> LossReport | None:
    """The report, if somebody has asked for it. Raises InvalidInput for an unknown format or split."""
    check_target(codec, split)
    return LossReport.objects.filter(snapshot=snapshot, codec=codec, split=split).first()

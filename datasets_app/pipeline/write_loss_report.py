"""What a format would lose of a snapshot: an export that is written to nowhere, so the two can never disagree."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.utils import timezone

from datasets_app.models import LossReport
from datasets_app.models.upload import UploadState
from ftstudio.errors import Text
from ftstudio.web.texts import to_row

from .attempts import Stopped, work_alone
from .sinks import Nowhere
from .write_rows import Written, write_lines


def write_loss_report(report_id: UUID | str) -> None:
    """Find out what the report is about. Safe to call at any time."""
    related = ("snapshot__dataset",)
    work_alone(LossReport.objects.unfinished(), report_id, with_related=related, work=_write, fail=_fail)


def _write(report: LossReport, key: str) -> None:
    mine = LossReport.objects.unfinished()

    def progress(rows: int) -> None:
        if not mine.renew(report.pk, key, rows_seen=rows):
            raise Stopped

    if not mine.renew(report.pk, key, state=UploadState.RUNNING):
        raise Stopped
    out: Any = Nowhere()
    written = write_lines(report.snapshot, report.codec, report.split, out, progress=progress)
    mine.release(
        report.pk, key, state=UploadState.DONE, rows_seen=written.samples, report=report_of(written),
        finished_at=timezone.now(),
    )  # fmt: skip


def _fail(report: LossReport, key: str, code: str, text: Text) -> None:
    LossReport.objects.unfinished().release(
        report.pk, key, state=UploadState.FAILED, error={"code": code, **to_row(text)}, finished_at=timezone.now()
    )


def report_of(written: Written) -> dict[str, Any]:
    """`{"samples", "rows", "whole", "reduced", "refused", "as_imported", "fields", "reasons"}`.

    `fields` are what the format cannot carry, the most frequent first, each with how many samples have it and the
    positions of some; `reasons` counts the refused samples by code, `refusals` names some with the sentence.
    """
    return {
        "samples": written.samples,
        "rows": written.rows,
        "whole": written.samples - written.reduced - written.refused,
        "reduced": written.reduced,
        "refused": written.refused,
        "as_imported": written.as_imported,
        "fields": [
            {"field": name, "samples": n, "positions": written.examples[name]}
            for name, n in sorted(written.lost.items(), key=lambda item: (-item[1], item[0]))
        ],
        "reasons": dict(written.reasons.most_common()),
        "refusals": written.refused_rows[:20],
    }

"""An uploaded file as a whole: planned before its chunks, and brought to its end after them.

What only the whole upload can tell, its repetitions, is found when the last chunk is in. What was stopped or failed in
the middle keeps the rows that are in.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from django.db import transaction
from django.utils import timezone

from datasets_app.models import FindingRow, Revision, Sample, Upload
from datasets_app.models.upload import UploadState
from ftstudio.errors import Text
from ftstudio.web.texts import from_row, to_row

from . import announcing, leaks, planner, planning, repetitions, unpack
from .attempts import Stopped, past_deadlocks
from .reading import recognise


def prepare(upload: Upload, key: str) -> None:
    """Bring the upload as far as it can be brought by itself: cut it into chunks, or end it when all of them are in.

    `key` is that of the upload's lease. Raises Stopped when that is lost.
    """
    if upload.is_final:
        _settle(upload, key)
        return
    if upload.started_at is None:
        upload.started_at = timezone.now()
    if not Upload.objects.unfinished().renew(upload.pk, key, state=UploadState.RUNNING, started_at=upload.started_at):
        raise Stopped
    if not upload.chunks.exists():
        _plan(upload, key)
    if not upload.chunks.filter(done=False).exists():
        _finish(upload, key)


def _plan(upload: Upload, key: str) -> None:
    unpack.prepare(upload, key)
    try:
        stream: Any = source(upload).open("rb")
    except FileNotFoundError:
        fail(upload, key, "file-missing", Text("The uploaded file is no longer there: upload it again."))
        raise Stopped from None
    with stream:
        if not upload.codec:
            upload.codec = upload.format if upload.format != "auto" else recognise(stream, ours=bool(upload.lines))
            if not Upload.objects.unfinished().renew(upload.pk, key, codec=upload.codec):
                raise Stopped
        planning.plan(upload, key, stream)


def source(upload: Upload) -> Any:
    """The JSONL file: what was uploaded, or what it was unpacked to."""
    return upload.lines or upload.file


def _finish(upload: Upload, key: str) -> None:
    _find_repetitions(upload, key)
    upload.refresh_from_db(fields=["rows_total", "rows_accepted"])
    if upload.rows_accepted:
        past_deadlocks(partial(_end, upload, key))
        return
    first = upload.rejected.order_by("line").first()
    if first is None:
        code, said = "file-empty", Text("There is nothing but white space in this file.")
    else:
        code = first.code
        said = Text(
            "No line of this file could be used. Line {line}: {reason}", line=first.line, reason=from_row(first.message)
        )
    upload.chunks.all().delete()
    fail(upload, key, code, said)


@transaction.atomic
def _end(upload: Upload, key: str) -> None:
    upload.chunks.all().delete()
    leaks.after_import(upload.dataset_id, upload.pk)
    if Upload.objects.unfinished().release(upload.pk, key, state=UploadState.DONE, finished_at=timezone.now()):
        announcing.done(upload.pk)


def _settle(upload: Upload, key: str) -> None:
    """What was stopped in the middle keeps the rows that are in, and says of them what is true."""
    _find_repetitions(upload, key)
    upload.chunks.all().delete()


def _find_repetitions(upload: Upload, key: str) -> None:
    """An only chunk has looked for its own already."""
    first = upload.chunks.order_by("number").values_list("position", flat=True).first()
    if not first:
        return

    def hold() -> None:
        if not Upload.objects.renew(upload.pk, key):
            raise Stopped

    accepted = Upload.objects.values_list("rows_accepted", flat=True).get(pk=upload.pk)
    planner.tell(accepted, Sample, Revision, FindingRow)
    found = repetitions.find(upload.dataset_id, first, upload.pk, hold)
    if not Upload.objects.renew(upload.pk, key, rows_duplicate=found):
        raise Stopped


@transaction.atomic
def fail(upload: Upload, key: str, code: str, text: Text) -> None:
    """End the upload as failed and say why, unless it has ended already or is in other hands."""
    if Upload.objects.unfinished().release(upload.pk, key, **failure(code, text)):
        announcing.failed(upload.pk)


def failure(code: str, text: Text) -> dict[str, Any]:
    """What stands in the row of an upload that failed."""
    return {
        "state": UploadState.FAILED,
        "finished_at": timezone.now(),
        "error": {"code": code, **to_row(text)},
    }

"""Importing an uploaded file: a lease, then chunk after chunk, each of them one transaction.

A chunk's rows, its rejected lines, the counters and the upload's place in the file are committed together, so a
worker that dies anywhere loses nothing and doubles nothing: the next one begins where the last commit stopped.
"""

from __future__ import annotations

from functools import partial
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from datasets_app.models import Dataset, RejectedLine, Upload
from datasets_app.models.upload import UploadState
from ftstudio.errors import Text
from ftstudio.web.texts import from_row, to_row

from . import bulk
from .append import append
from .attempts import Stopped, past_deadlocks, work_alone
from .grading import checker_of
from .reading import Chunk, lines_from, read_chunk, recognise

REJECTED_COLUMNS = ("upload_id", "line", "offset", "length", "code", "message")


class _RulesChanged(Exception):
    """The dataset's contract changed while a chunk was being read: read it again under the new one."""


def ingest(upload_id: UUID | str) -> None:
    """Import the upload as far as it goes. Safe to call at any time: one held, finished or cancelled is let be."""
    work_alone(Upload.objects.unfinished(), upload_id, with_related=("dataset",), work=_import, fail=_fail)


def _import(upload: Upload, key: str) -> None:
    mine = Upload.objects.unfinished()
    if upload.started_at is None:
        upload.started_at = timezone.now()
    if not mine.renew(upload.pk, key, state=UploadState.RUNNING, started_at=upload.started_at):
        raise Stopped
    try:
        stream: Any = upload.file.open("rb")
    except FileNotFoundError:
        _fail(upload, key, "file-missing", Text("The uploaded file is no longer there: upload it again."))
        return
    with stream:
        if not upload.codec:
            upload.codec = upload.format if upload.format != "auto" else recognise(stream)
            if not mine.renew(upload.pk, key, codec=upload.codec):
                raise Stopped
        stream.seek(0)
        _read_all(upload, key, stream)
    _finish(upload, key)


def _read_all(upload: Upload, key: str, stream: Any) -> None:
    """Every chunk from the upload's place on. A chunk that was read under rules that changed is read again."""
    ended = False
    while not ended:
        lines = lines_from(stream, offset=upload.offset, line=upload.line)
        try:
            while not ended:
                checker = checker_of(upload.dataset)
                chunk = read_chunk(lines, offset=upload.offset, line=upload.line, codec=upload.codec, checker=checker)
                past_deadlocks(partial(_commit, upload, key, chunk))
                ended = chunk.ended
        except _RulesChanged:
            upload.dataset.refresh_from_db()
            stream.seek(0)


def _commit(upload: Upload, key: str, chunk: Chunk) -> None:
    """One chunk, whole or not at all."""
    dataset = upload.dataset
    with transaction.atomic():
        # no_key: rows that point at the dataset may be written meanwhile, so that an import never blocks a save
        now = Dataset.objects.select_for_update(no_key=True).only("contract", "profile").get(pk=dataset.pk)
        if (now.contract, now.profile) != (dataset.contract, dataset.profile):
            raise _RulesChanged
        duplicates = 0
        if chunk.graded:
            duplicates = append(
                dataset,
                chunk.graded,
                checker=checker_of(dataset),
                author_id=upload.created_by_id,
                lines=chunk.lines,
                upload_id=upload.pk,
            ).duplicates
        if chunk.rejected:
            bulk.insert(
                RejectedLine,
                REJECTED_COLUMNS,
                ((upload.pk, r.line, r.offset, r.length, r.code[:40], to_row(r.text)) for r in chunk.rejected),
            )
        held = Upload.objects.filter(state=UploadState.RUNNING, offset=upload.offset).renew(
            upload.pk,
            key,
            offset=chunk.offset,
            line=chunk.line,
            rows_total=F("rows_total") + chunk.rows,
            rows_accepted=F("rows_accepted") + len(chunk.graded),
            rows_rejected=F("rows_rejected") + len(chunk.rejected),
            rows_duplicate=F("rows_duplicate") + duplicates,
        )
        if not held:
            raise Stopped
    upload.offset, upload.line = chunk.offset, chunk.line


def _finish(upload: Upload, key: str) -> None:
    upload.refresh_from_db(fields=["rows_total", "rows_accepted"])
    if upload.rows_accepted:
        Upload.objects.unfinished().release(upload.pk, key, state=UploadState.DONE, finished_at=timezone.now())
        return
    if not upload.rows_total:
        _fail(upload, key, "file-empty", Text("There is nothing but white space in this file."))
        return
    first = upload.rejected.order_by("line")[0]
    said = Text(
        "No line of this file could be used. Line {line}: {reason}", line=first.line, reason=from_row(first.message)
    )
    _fail(upload, key, first.code, said)


def _fail(upload: Upload, key: str, code: str, text: Text) -> None:
    Upload.objects.unfinished().release(
        upload.pk,
        key,
        state=UploadState.FAILED,
        finished_at=timezone.now(),
        error={"code": code, **to_row(text)},
    )

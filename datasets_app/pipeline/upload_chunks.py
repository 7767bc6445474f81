"""The chunks of an uploaded file: each read and graded in peace, then stored whole or not at all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import Any

from django.db import transaction
from django.db.models import F

from datasets_app.models import Dataset, DatasetCount, RejectedLine, Sample, Upload, UploadChunk
from datasets_app.models.upload import UploadState
from ftstudio.errors import Text
from ftstudio.web.texts import to_row

from . import announcing, bulk, keys
from .ahead import Ahead
from .append import Origin, append, write
from .attempts import Stopped, past_deadlocks
from .grading import checker_of
from .reading import Chunk, read_chunk
from .series import Series, following
from .whole_upload import failure, source

REJECTED_COLUMNS = ("upload_id", "line", "offset", "length", "code", "message")
MOST_SPREAD = 1000  # different values that are counted one by one

# A process stores one chunk at a time and reads one ahead. More work on an upload is done by more processes.
series = Series()


class _RulesChanged(Exception):
    """The dataset's contract changed while a chunk was being read: read it again under the new one."""


def import_chunks(chunk_id: int | str, *, only: bool = False, between: Callable[[], object] = lambda: None) -> bool:
    """Import a chunk, and unless it is the `only` one, those after it. False: one was not ours, or is not any more."""
    chunks = UploadChunk.objects.unfinished().filter(upload__state=UploadState.RUNNING)
    with Ahead(read=_read, store=_store, left=beside, alone=series.is_alone) as ahead:
        return series.work(
            chunks,
            chunk_id,
            with_related=("upload__dataset",),
            work=_store_only if only else ahead,
            fail=_fail,
            between=between,
        )


def beside(part: UploadChunk) -> Any:
    """The chunks of the upload that are not in yet."""
    return UploadChunk.objects.unfinished().filter(upload=part.upload_id).select_related("upload__dataset")


def _read(part: UploadChunk) -> Chunk:
    """Read and grade one chunk under the rules that its upload's dataset was loaded with. Asks no database."""
    with source(part.upload).open("rb") as stream:
        return read_chunk(stream, part, checker_of(part.upload.dataset))


def _store(part: UploadChunk, key: str, reading: Callable[[], Chunk], *, only: bool = False) -> int | None:
    """Store one chunk that was read. Answers the one that was claimed meanwhile."""
    while True:
        try:
            chunk = reading()
        except FileNotFoundError:
            _fail(part, key, "file-missing", Text("The uploaded file is no longer there: upload it again."))
            raise Stopped from None
        try:
            return past_deadlocks(partial(_commit, part, key, chunk, only=only))
        except _RulesChanged:
            part.upload.dataset.refresh_from_db()
            reading = partial(_read, part)


def _store_only(part: UploadChunk, key: str) -> None:
    _store(part, key, partial(_read, part), only=True)


def _commit(part: UploadChunk, key: str, chunk: Chunk, *, only: bool) -> int | None:
    """One chunk, whole or not at all, and the claim to the next. Rows that other workers wait for are touched last."""
    upload, dataset = part.upload, part.upload.dataset
    checker = checker_of(dataset)
    origin = Origin(upload.created_by_id, upload.pk, chunk.lines, chunk.styles, upload.side, chunk.tags)
    changes: Counter[tuple[str, str]] = Counter()
    duplicates = 0
    with transaction.atomic():
        if not UploadChunk.objects.unfinished().release(part.pk, key, done=True):
            raise Stopped
        after = None if only else following(beside(part), key)
        if chunk.rejected:
            bulk.insert(
                RejectedLine,
                REJECTED_COLUMNS,
                ((upload.pk, r.line, r.offset, r.length, r.code[:40], to_row(r.text)) for r in chunk.rejected),
            )
        if chunk.graded and part.position:
            changes = write(
                dataset,
                chunk.graded,
                [one.findings for one in chunk.graded],
                positions=[part.position + place for place in chunk.places],
                sample_ids=_sample_ids(part, chunk),
                checker=checker,
                origin=origin,
            )
            Dataset.objects.filter(pk=dataset.pk).update(samples_total=F("samples_total") + len(chunk.graded))
        elif chunk.graded:
            duplicates = append(dataset, chunk.graded, checker=checker, origin=origin).duplicates
        # no_key: rows that point at the dataset may be written meanwhile, so that an import never blocks a save
        now = (
            Dataset.objects.select_for_update(no_key=True).only("contract", "profile", "base_model").get(pk=dataset.pk)
        )
        if checker_of(now).version != checker.version:
            raise _RulesChanged
        DatasetCount.objects.add(dataset, changes)
        _count(upload, part, chunk, duplicates)
    return after


def _sample_ids(part: UploadChunk, chunk: Chunk) -> Any:
    if part.first_sample is None:
        return keys.take(Sample, len(chunk.graded))
    return [part.first_sample + place for place in chunk.places]


def _count(upload: Upload, part: UploadChunk, chunk: Chunk, duplicates: int) -> None:
    """Add the chunk to what the upload says of itself. Raises Stopped if that was cancelled meanwhile."""
    running = Upload.objects.filter(pk=upload.pk, state=UploadState.RUNNING)
    changes: dict[str, Any] = {}
    if chunk.spread:
        before = running.select_for_update(no_key=True).values_list("spread", flat=True).first() or {}
        spread = Counter(before) + chunk.spread
        changes["spread"] = dict(spread.most_common(MOST_SPREAD))
    counted = running.update(
        offset=F("offset") + part.length,
        rows_total=F("rows_total") + chunk.rows,
        rows_accepted=F("rows_accepted") + len(chunk.graded),
        rows_rejected=F("rows_rejected") + len(chunk.rejected),
        rows_duplicate=F("rows_duplicate") + duplicates,
        **changes,
    )
    if not counted:
        raise Stopped


@transaction.atomic
def _fail(part: UploadChunk, key: str, code: str, text: Text) -> None:
    if Upload.objects.unfinished().filter(pk=part.upload_id).update(**failure(code, text)):
        announcing.failed(part.upload_id)

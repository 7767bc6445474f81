"""Importing an uploaded file: planned once, then chunk after chunk by as many workers as there are.

A chunk's rows, its rejected lines, the counters and its `done` are committed together, so a worker that dies anywhere
loses nothing and doubles nothing: another one takes its chunk when the lease has run out. What a chunk is turned into
is worked out before the transaction begins, and while one chunk is stored the next one is read (`ahead`); on SQLite,
where one process writes at a time, the others read and grade meanwhile. The next chunk is claimed in the transaction
that ends one before it. What only the whole upload can tell, its repetitions, is found when the last chunk is in.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from datasets_app.models import Dataset, DatasetCount, RejectedLine, Sample, Upload, UploadChunk
from datasets_app.models.upload import UploadState
from ftstudio.errors import Text
from ftstudio.web.texts import from_row, to_row

from . import announcing, bulk, keys, leaks, planning, repetitions, unpack
from .ahead import Ahead
from .append import Origin, append, write
from .attempts import Stopped, past_deadlocks, work_alone
from .courtesy import waited_for
from .grading import checker_of
from .reading import Chunk, read_chunk, recognise
from .series import Calling, Series, following

REJECTED_COLUMNS = ("upload_id", "line", "offset", "length", "code", "message")
MOST_SPREAD = 1000  # different values that are counted one by one

# A process stores one chunk at a time and reads one ahead. More work on an upload is done by more processes.
_series = Series()


class _RulesChanged(Exception):
    """The dataset's contract changed while a chunk was being read: read it again under the new one."""


def ingest(upload_id: UUID | str) -> None:
    """Import the upload here and now, as far as it goes. Safe to call at any time, by anybody."""
    while waiting := begin(upload_id):
        if not _import_chunks(waiting[0]):
            begin(upload_id)
            return  # it is in other hands, or was cancelled


def begin(upload_id: UUID | str, abreast: int = 1) -> list[int]:
    """Plan the upload if that is still to do, and finish it if all its chunks are in.

    Answers the next chunks that nobody works on, in their order, as many as are worked on `abreast`. Safe to call at
    any time: an upload that another worker holds, or for which nothing is left to do, is let be.
    """
    work_alone(Upload.objects.unsettled(), upload_id, with_related=("dataset",), work=_prepare, fail=_fail)
    chunks = UploadChunk.objects.unfinished().filter(upload=upload_id, upload__state=UploadState.RUNNING).abandoned()
    return list(chunks.order_by("number").values_list("pk", flat=True)[:abreast])


def go_on(chunk_id: int | str) -> None:
    """Import one chunk and no other, and finish the upload if it was the last one."""
    chunk = UploadChunk.objects.filter(pk=chunk_id).first()
    if chunk is not None:
        _bring_on(chunk, _import_chunks(chunk_id, only=True))


def go_through(chunk_id: int | str, abreast: int, call: Callable[[int], object]) -> None:
    """Import the chunk, or if somebody has it the next free one, then one after the other whichever of its upload
    nobody works on; finish the upload if the last one is in.

    One thread of a process does this for an upload, a second one lets it be. `call` is called with a chunk for another
    process to begin with, whenever fewer than `abreast` are being worked on.
    """
    chunk = UploadChunk.objects.filter(pk=chunk_id).first()
    if chunk is None or not _series.is_mine(chunk.upload_id):
        return
    try:
        left = _beside(chunk)
        free = list(left.abandoned().order_by("number").values_list("pk", flat=True))
        first = chunk.pk if chunk.pk in free else next(iter(free), None)
        with waited_for():
            went_well = first is not None and _import_chunks(first, between=Calling(left, abreast, call))
            _bring_on(chunk, went_well)
    finally:
        _series.leave(chunk.upload_id)


def _bring_on(chunk: UploadChunk, went_well: bool) -> None:
    """Finish the upload after its last chunk; what was stopped in the middle is brought into order."""
    if not went_well or not UploadChunk.objects.unfinished().filter(upload=chunk.upload_id).exists():
        begin(chunk.upload_id)


# The whole upload: before its chunks and after them.


def _prepare(upload: Upload, key: str) -> None:
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
        stream: Any = _source(upload).open("rb")
    except FileNotFoundError:
        _fail(upload, key, "file-missing", Text("The uploaded file is no longer there: upload it again."))
        raise Stopped from None
    with stream:
        if not upload.codec:
            upload.codec = upload.format if upload.format != "auto" else recognise(stream, ours=bool(upload.lines))
            if not Upload.objects.unfinished().renew(upload.pk, key, codec=upload.codec):
                raise Stopped
        planning.plan(upload, key, stream)


def _source(upload: Upload) -> Any:
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
    _fail(upload, key, code, said)


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

    found = repetitions.find(upload.dataset_id, first, upload.pk, hold)
    if not Upload.objects.renew(upload.pk, key, rows_duplicate=found):
        raise Stopped


@transaction.atomic
def _fail(upload: Upload, key: str, code: str, text: Text) -> None:
    if Upload.objects.unfinished().release(upload.pk, key, **_failure(code, text)):
        announcing.failed(upload.pk)


def _failure(code: str, text: Text) -> dict[str, Any]:
    return {
        "state": UploadState.FAILED,
        "finished_at": timezone.now(),
        "error": {"code": code, **to_row(text)},
    }


# The chunks.


def _import_chunks(chunk_id: int | str, *, only: bool = False, between: Callable[[], object] = lambda: None) -> bool:
    """Import a chunk, and unless it is the `only` one, those after it. False: one was not ours, or is not any more."""
    chunks = UploadChunk.objects.unfinished().filter(upload__state=UploadState.RUNNING)
    with Ahead(read=_read, store=_store, left=_beside, alone=_series.is_alone) as ahead:
        return _series.work(
            chunks,
            chunk_id,
            with_related=("upload__dataset",),
            work=_store_only if only else ahead,
            fail=_fail_whole,
            between=between,
        )


def _beside(part: UploadChunk) -> Any:
    """The chunks of the upload that are not in yet."""
    return UploadChunk.objects.unfinished().filter(upload=part.upload_id).select_related("upload__dataset")


def _read(part: UploadChunk) -> Chunk:
    """Read and grade one chunk under the rules that its upload's dataset was loaded with. Asks no database."""
    with _source(part.upload).open("rb") as stream:
        return read_chunk(stream, part, checker_of(part.upload.dataset))


def _store(part: UploadChunk, key: str, reading: Callable[[], Chunk], *, only: bool = False) -> int | None:
    """Store one chunk that was read. Answers the one that was claimed meanwhile."""
    while True:
        try:
            chunk = reading()
        except FileNotFoundError:
            _fail_whole(part, key, "file-missing", Text("The uploaded file is no longer there: upload it again."))
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
        after = None if only else following(_beside(part), key)
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
def _fail_whole(part: UploadChunk, key: str, code: str, text: Text) -> None:
    if Upload.objects.unfinished().filter(pk=part.upload_id).update(**_failure(code, text)):
        announcing.failed(part.upload_id)

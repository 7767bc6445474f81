"""Importing an uploaded file: planned once, then chunk after chunk by as many workers as there are.

A chunk's rows, its rejected lines, the counters and its `done` are committed together, so a worker that dies anywhere
loses nothing and doubles nothing: another one takes its chunk when the lease has run out. What a chunk is turned into
is worked out before the transaction begins, and while one chunk is stored the next one is read (`ahead`); on SQLite,
where one process writes at a time, the others read and grade meanwhile. The next chunk is claimed in the transaction
that ends one before it. What only the whole upload can tell, its repetitions, is found when the last chunk is in.
"""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from datasets_app.models import Upload, UploadChunk
from datasets_app.models.upload import UploadState

from .attempts import work_alone
from .courtesy import waited_for
from .series import Calling
from .upload_chunks import beside, import_chunks, series
from .whole_upload import fail, prepare


def ingest(upload_id: UUID | str) -> None:
    """Import the upload here and now, as far as it goes. Safe to call at any time, by anybody."""
    while waiting := begin(upload_id):
        if not import_chunks(waiting[0]):
            begin(upload_id)
            return  # it is in other hands, or was cancelled


def begin(upload_id: UUID | str, abreast: int = 1) -> list[int]:
    """Plan the upload if that is still to do, and finish it if all its chunks are in.

    Answers the next chunks that nobody works on, in their order, as many as are worked on `abreast`. Safe to call at
    any time: an upload that another worker holds, or for which nothing is left to do, is let be.
    """
    work_alone(Upload.objects.unsettled(), upload_id, with_related=("dataset",), work=prepare, fail=fail)
    chunks = UploadChunk.objects.unfinished().filter(upload=upload_id, upload__state=UploadState.RUNNING).abandoned()
    return list(chunks.order_by("number").values_list("pk", flat=True)[:abreast])


def go_on(chunk_id: int | str) -> None:
    """Import one chunk and no other, and finish the upload if it was the last one."""
    chunk = UploadChunk.objects.filter(pk=chunk_id).first()
    if chunk is not None:
        _bring_on(chunk, import_chunks(chunk_id, only=True))


def go_through(chunk_id: int | str, abreast: int, call: Callable[[int], object]) -> None:
    """Import the chunk, or if somebody has it the next free one, then one after the other whichever of its upload
    nobody works on; finish the upload if the last one is in.

    One thread of a process does this for an upload, a second one lets it be. `call` is called with a chunk for another
    process to begin with, whenever fewer than `abreast` are being worked on.
    """
    chunk = UploadChunk.objects.filter(pk=chunk_id).first()
    if chunk is None or not series.is_mine(chunk.upload_id):
        return
    try:
        left = beside(chunk)
        free = list(left.abandoned().order_by("number").values_list("pk", flat=True))
        first = chunk.pk if chunk.pk in free else next(iter(free), None)
        with waited_for():
            went_well = first is not None and import_chunks(first, between=Calling(left, abreast, call))
            _bring_on(chunk, went_well)
    finally:
        series.leave(chunk.upload_id)


def _bring_on(chunk: UploadChunk, went_well: bool) -> None:
    """Finish the upload after its last chunk; what was stopped in the middle is brought into order."""
    if not went_well or not UploadChunk.objects.unfinished().filter(upload=chunk.upload_id).exists():
        begin(chunk.upload_id)

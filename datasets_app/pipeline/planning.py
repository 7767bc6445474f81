"""Cutting an upload into chunks of whole lines, before any of them is read: one quick pass over the bytes.

A file that is one chunk keeps the simple way: its positions are handed out when its rows are written. Of a larger
one, each chunk knows its place beforehand, so that the order of the file is the order of the dataset whichever
worker is done first; a line that becomes no sample leaves its position unused.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import BinaryIO

from django.conf import settings
from django.db import transaction
from django.db.models import F

from datasets_app.core import jsonl
from datasets_app.models import Dataset, Sample, Upload, UploadChunk

from . import keys
from .attempts import Stopped, past_deadlocks

CHUNK_BYTES = 2 << 20  # so that a chunk of long lines, too, is soon in memory and soon written
HELD_ANEW = 64  # chunks planned between two looks at the lease


@dataclass(slots=True)
class Piece:
    """Whole lines: from byte `offset` for `length` bytes, the first one numbered `line`, `rows` of them not blank."""

    offset: int
    length: int
    line: int
    rows: int = 0


def plan(upload: Upload, key: str, stream: BinaryIO) -> None:
    """Write the upload's chunks and set their positions aside. Raises Stopped, having written nothing, if the upload
    is not ours any more."""
    mine = Upload.objects.unfinished()

    def hold() -> None:
        if not mine.renew(upload.pk, key):
            raise Stopped

    cut = []
    for piece in pieces(stream, offset=upload.offset, line=upload.line):
        cut.append(piece)
        if len(cut) % HELD_ANEW == 0:
            hold()
    past_deadlocks(partial(_write, upload, cut, hold))


def _write(upload: Upload, cut: list[Piece], hold: Callable[[], None]) -> None:
    total = sum(piece.rows for piece in cut)
    position, first_sample = 0, None
    with transaction.atomic():
        if len(cut) > 1:
            Dataset.objects.filter(pk=upload.dataset_id).update(next_position=F("next_position") + total)
            position = Dataset.objects.values_list("next_position", flat=True).get(pk=upload.dataset_id) - total
            first_sample = keys.set_aside(Sample, total) if keys.can_set_aside() else None
        hold()
        chunks = []
        for number, piece in enumerate(cut):
            chunks.append(
                UploadChunk(
                    upload=upload,
                    number=number,
                    offset=piece.offset,
                    length=piece.length,
                    line=piece.line,
                    rows=piece.rows,
                    position=position,
                    first_sample=first_sample,
                )
            )
            if position:
                position += piece.rows
                first_sample = first_sample + piece.rows if first_sample is not None else None
        UploadChunk.objects.bulk_create(chunks, batch_size=500)


def pieces(stream: BinaryIO, *, offset: int = 0, line: int = 1) -> Iterator[Piece]:
    """The file in pieces of at most `INGEST_CHUNK_ROWS` lines and about `CHUNK_BYTES`; a longer line is one by itself.

    From byte `offset` on, where `line` begins. Blank lines alone make no piece.
    """
    piece: Piece | None = None
    lines = 0
    stream.seek(offset)
    for one in jsonl.read_lines(stream, offset=offset, number=line, max_bytes=settings.LINE_MAX_BYTES):
        if piece and (lines >= settings.INGEST_CHUNK_ROWS or piece.length + one.length > CHUNK_BYTES):
            if piece.rows:
                yield piece
            piece = None
        if piece is None:
            # From the file's first byte, so that a byte order mark is passed over again by whoever reads the chunk.
            start = one.offset if one.number > 1 else 0
            piece, lines = Piece(start, one.offset - start, one.number), 0
        piece.length += one.length
        piece.rows += not one.blank
        lines += 1
    if piece and piece.rows:
        yield piece

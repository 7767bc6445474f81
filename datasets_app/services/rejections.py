"""The lines of an upload that could not be used, given back as they stood in the file."""

from __future__ import annotations

import base64
import codecs as encodings
import json
from collections.abc import Iterable, Iterator
from typing import Any

from django.utils.translation import gettext as _

from datasets_app.models import RejectedLine, Upload
from datasets_app.pipeline.unpack import source_of
from ftstudio.errors import Conflict
from ftstudio.web.texts import from_row, say

PIECE = 3 << 16  # bytes of a raw line handled at a time; a multiple of three, so that base64 can be written in pieces


def rejected_lines(upload: Upload) -> Iterator[bytes]:
    """The lines that became no sample, as JSONL in pieces: `line`, `error`, `raw`, in the reader's language.

    `raw` is the line as it stands in the stored file. Bytes that are not UTF-8 are shown there as \\x escapes, and
    `raw_base64` then holds them exactly. However long a line is, only a piece of it is in memory. Raises Conflict
    `file_missing`, before anything is read, when the stored file has gone.
    """
    try:
        return _rejected(upload, (upload.lines or upload.file).open("rb"))
    except FileNotFoundError as error:
        raise Conflict(_("The uploaded file is no longer there."), code="file_missing") from error


def _rejected(upload: Upload, file: Any) -> Iterator[bytes]:
    rows = upload.rejected.order_by("line").iterator(chunk_size=1000)
    with file as stream:
        for row in rows:
            error = {"code": row.code, "message": say(from_row(row.message))}
            head = json.dumps({"line": row.line, "error": error}, ensure_ascii=False)
            yield f'{head[:-1]}, "raw": "'.encode()
            yield from _of_source(stream, row) if upload.lines else _raw(stream, row.offset, row.length)
            yield b"}\n"


def excerpts(upload: Upload, rows: Iterable[RejectedLine], most: int) -> Iterator[tuple[RejectedLine, str, bool]]:
    """(row, the first `most` bytes of what stood in the file, whether that is not all of it); "" when it has gone."""
    try:
        stream = (upload.lines or upload.file).open("rb")
    except FileNotFoundError:
        yield from ((row, "", False) for row in rows)
        return
    with stream:
        for row in rows:
            stream.seek(row.offset)
            raw = stream.read(row.length if upload.lines else min(row.length, most + 1))
            raw = source_of(raw.rstrip(b"\r\n")) if upload.lines else raw.rstrip(b"\r\n")
            yield row, raw[:most].decode("utf-8", "backslashreplace"), len(raw) > most


def _of_source(stream: Any, row: RejectedLine) -> Iterator[bytes]:
    """What a line that was unpacked from something else stood for; such a line is never longer than may be held."""
    stream.seek(row.offset)
    yield _inside_quotes(source_of(stream.read(row.length).rstrip(b"\r\n")).decode("utf-8", "backslashreplace")) + b'"'


def _raw(stream: Any, offset: int, length: int) -> Iterator[bytes]:
    decoder = encodings.getincrementaldecoder("utf-8")("backslashreplace")
    strict = encodings.getincrementaldecoder("utf-8")()
    exact = True
    for piece in _pieces(stream, offset, length):
        yield _inside_quotes(decoder.decode(piece))
        if exact:
            exact = _decodes(strict, piece)
    yield _inside_quotes(decoder.decode(b"", final=True)) + b'"'
    if not (exact and _decodes(strict, b"", final=True)):
        yield b', "raw_base64": "'
        for piece in _pieces(stream, offset, length):
            yield base64.b64encode(piece)
        yield b'"'


def _decodes(strict: Any, piece: bytes, final: bool = False) -> bool:
    try:
        strict.decode(piece, final)
    except UnicodeDecodeError:
        return False
    return True


def _inside_quotes(text: str) -> bytes:
    return json.dumps(text, ensure_ascii=False)[1:-1].encode()


def _pieces(stream: Any, offset: int, length: int) -> Iterator[bytes]:
    """The line's bytes without its terminator."""
    stream.seek(offset + max(0, length - 2))
    end = stream.read(min(length, 2))
    length -= 2 if end == b"\r\n" else 1 if end.endswith(b"\n") else 0
    stream.seek(offset)
    at = 0
    while at < length:
        stream.seek(offset + at)
        piece = stream.read(min(PIECE, length - at))
        if not piece:
            return
        at += len(piece)
        yield piece

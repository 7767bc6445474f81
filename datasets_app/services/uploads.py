"""Uploads: taking a file in, stopping its import, and giving back the lines that could not be used."""

from __future__ import annotations

import base64
import codecs as encodings
import hashlib
import json
import re
from collections.abc import Iterator
from pathlib import PurePath
from typing import IO, Any
from uuid import uuid4

from django.conf import settings
from django.core.files import File
from django.core.files.base import File as AnyFile
from django.db import transaction
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from datasets_app import tasks
from datasets_app.core.codecs import CODECS
from datasets_app.models import Dataset, Upload
from datasets_app.models.upload import UploadState
from ftstudio.accounts.models import AuditEntry, User
from ftstudio.accounts.policy import require
from ftstudio.errors import Conflict, InvalidInput, Listed, Text
from ftstudio.queue import enqueue
from ftstudio.web.texts import from_row, say

EXTENSIONS = (".jsonl", ".ndjson", ".json")
AUTO = "auto"
PIECE = 3 << 16  # bytes of a raw line handled at a time; a multiple of three, so that base64 can be written in pieces


class _Hashing(AnyFile):
    """A file on its way into storage: counts and hashes what passes, and stops what is too large."""

    def __init__(self, file: IO[bytes] | AnyFile, limit: int) -> None:
        super().__init__(getattr(file, "file", file), getattr(file, "name", None))
        self.digest = hashlib.sha256()
        self.passed = 0
        self.limit = limit

    def chunks(self, chunk_size: int | None = None) -> Iterator[bytes]:
        for chunk in super().chunks(chunk_size):
            if not self.passed:
                _check_beginning(chunk[:4096])
            self.passed += len(chunk)
            if self.passed > self.limit:
                raise InvalidInput(
                    code="too_large",
                    file=Text("The file is larger than {limit} bytes: split it.", limit=self.limit),
                )
            self.digest.update(chunk)
            yield chunk


def receive(
    *, actor: User, dataset: Dataset, file: IO[bytes] | File, name: str, format: str = AUTO, again: bool = False
) -> Upload:
    """Store the file while hashing it, and have it imported in the background.

    Raises InvalidInput for an empty or too large file, an unknown extension or format, and Conflict
    `already_imported` when this dataset has taken in the same bytes before, unless `again`.
    """
    require(actor, dataset.project_id, "uploads.create")
    name = PurePath(name.replace("\\", "/")).name.replace("\x00", "")[-200:]
    _check_request(name, format)
    upload = Upload(dataset=dataset, name=name, format=format, created_by=actor)
    storage = upload.file.storage
    hashing = _Hashing(file, settings.UPLOAD_MAX_BYTES)
    target = f"uploads/{uuid4().hex}.jsonl"
    try:
        upload.file.name = storage.save(target, hashing)
        upload.size, upload.sha256 = hashing.passed, hashing.digest.hexdigest()
        if not upload.size:
            raise InvalidInput(code="empty", file=Text("The file is empty."))
        with transaction.atomic():
            # Of two people who send the same file at once, one waits here and is then told.
            Dataset.objects.select_for_update(no_key=True).get(pk=dataset.pk)
            if not again:
                _refuse_repetition(dataset, upload.sha256)
            upload.save()
            AuditEntry.objects.record(
                actor=actor, verb="uploads.create", target=upload, project=dataset.project, bytes=upload.size
            )
            enqueue(tasks.ingest_upload, upload.pk)
    except BaseException:
        storage.delete(upload.file.name or target)
        raise
    return upload


def _check_request(name: str, format: str) -> None:
    if PurePath(name).suffix.lower() not in EXTENSIONS:
        known = Listed(EXTENSIONS)
        text = Text("The file's name must end in one of {known}.", known=known)
        raise InvalidInput(code="unknown_extension", file=text)
    if format != AUTO and format not in CODECS:
        known = Listed([AUTO, *CODECS])
        raise InvalidInput(format=Text("“{name}” is no format: use one of {known}.", name=format[:60], known=known))


# What people pick by mistake: its first bytes, and what to call it.
_OTHER_FILES: dict[bytes, Text] = {
    b"\x89PNG": Text("an image"),
    b"\xff\xd8\xff": Text("an image"),
    b"%PDF": Text("a PDF document"),
    b"PK\x03\x04": Text("a ZIP archive or an Excel workbook"),
    b"\x1f\x8b": Text("a compressed file"),
    b"PAR1": Text("a Parquet file"),
}
_ARRAY = re.compile(rb"(?:\xef\xbb\xbf)?\s*\[\s*(?:\{|$)")


def _check_beginning(begin: bytes) -> None:
    """Refuse at the door what is not lines at all, instead of thousands of rejected lines later."""
    if kind := next((kind for magic, kind in _OTHER_FILES.items() if begin.startswith(magic)), None):
        text = Text("This is {kind}, not a text file with one JSON object on each line.", kind=kind)
        raise InvalidInput(code="not_lines", file=text)
    if _ARRAY.match(begin):
        text = Text(
            "This file is one JSON array. Write one object on each line, without the brackets and the commas between "
            "them; “manage.py convert” does it."
        )
        raise InvalidInput(code="not_lines", file=text)


def _refuse_repetition(dataset: Dataset, sha256: str) -> None:
    states = (UploadState.WAITING, UploadState.RUNNING, UploadState.DONE)
    before = Upload.objects.filter(dataset=dataset, sha256=sha256, state__in=states).first()
    if before:
        when = date_format(timezone.localtime(before.created_at), "DATETIME_FORMAT")
        raise Conflict(
            code="already_imported",
            file=Text(
                "The same file was uploaded to this dataset on {when} as “{name}”. Upload it again only if every "
                "sample should be there twice.",
                when=when,
                name=before.name,
            ),
            details={"upload": str(before.pk)},
        )


def cancel(*, actor: User, upload: Upload) -> Upload:
    """Stop an import. What has been imported stays; raises Conflict when it has ended already."""
    require(actor, upload.dataset.project_id, "uploads.cancel")
    with transaction.atomic():
        stopped = Upload.objects.unfinished().filter(pk=upload.pk).update(
            state=UploadState.CANCELLED, finished_at=timezone.now()
        )  # fmt: skip
        if not stopped:
            raise Conflict(_("This import has ended already."), code="ended")
        AuditEntry.objects.record(actor=actor, verb="uploads.cancel", target=upload, project=upload.dataset.project)
    upload.refresh_from_db()
    return upload


def rejected_lines(upload: Upload) -> Iterator[bytes]:
    """The lines that became no sample, as JSONL in pieces: `line`, `error`, `raw`, in the reader's language.

    `raw` is the line as it stands in the stored file. Bytes that are not UTF-8 are shown there as \\x escapes, and
    `raw_base64` then holds them exactly. However long a line is, only a piece of it is in memory. Raises Conflict
    `file_missing`, before anything is read, when the stored file has gone.
    """
    try:
        return _rejected(upload, upload.file.open("rb"))
    except FileNotFoundError as error:
        raise Conflict(_("The uploaded file is no longer there."), code="file_missing") from error


def _rejected(upload: Upload, file: Any) -> Iterator[bytes]:
    rows = upload.rejected.order_by("line").iterator(chunk_size=1000)
    with file as stream:
        for row in rows:
            error = {"code": row.code, "message": say(from_row(row.message))}
            head = json.dumps({"line": row.line, "error": error}, ensure_ascii=False)
            yield f'{head[:-1]}, "raw": "'.encode()
            yield from _raw(stream, row.offset, row.length)
            yield b"}\n"


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

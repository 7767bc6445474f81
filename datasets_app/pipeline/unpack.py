"""From a table, an array or an archive to lines: one JSONL file that the import then reads like any other.

The line numbers of that file are those of the source, so that a refusal names what a person finds; blank lines stand
where the source has none. A line of ours (never one of a file that is lines already) may be

    {"$refused": {"code", "template", "params"}, "raw": "…"}     a row that its container refused
    {"$pictures": {"cat.png": "<sha256>"}, "$row": {…}}          a row whose pictures came with it

and `unpacked` is the only one who reads those.
"""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Callable, Mapping
from typing import Any, BinaryIO
from uuid import UUID

from django.conf import settings
from django.core.files import File
from django.db import transaction
from django.utils import timezone

from datasets_app.core import jsonl
from datasets_app.core.containers import Entry
from datasets_app.core.jsonl import LineError
from datasets_app.models import Upload
from datasets_app.models.upload import UploadState
from ftstudio.errors import InvalidInput, Text
from ftstudio.web.texts import from_row, to_row

from . import announcing, archives, opening
from .attempts import Stopped

REFUSED, PICTURES, ROW = "$refused", "$pictures", "$row"
_REFUSED, _PICTURES, _ROW = b'{"$refused": ', b'{"$pictures": ', b', "$row": '
HOLD_SECONDS = 5.0
MOST_BLANK = 2_000_000  # lines that a gap in the source's numbers is filled with, at most


def prepare(upload: Upload, key: str) -> None:
    """Make the upload's `lines`, unless it has them or needs none. Holds the lease `key` meanwhile.

    Safe to run twice: what a killed worker left is thrown away, and the work begins anew. A file that cannot be read
    at all fails the upload with the reason; then, and when the lease is lost, Stopped is raised.
    """
    if upload.lines or opening.plain_lines(upload):
        return
    mine = Upload.objects.unfinished()
    hold = _holding(upload.pk, key)
    try:
        with upload.file.open("rb") as stream, tempfile.TemporaryFile() as out:
            write(upload, stream, out, hold)
            out.seek(0)
            _forget_left_over(upload)
            name = upload.lines.storage.save(f"uploads/{upload.pk}/{key}.jsonl", File(out))
    except (InvalidInput, FileNotFoundError) as error:
        _fail(upload, key, error)
        raise Stopped from error
    codec = upload.kind if opening.is_table(upload) and upload.format == opening.AUTO else upload.codec
    if not mine.renew(upload.pk, key, lines=name, codec=codec):
        upload.lines.storage.delete(name)
        raise Stopped
    upload.lines.name, upload.codec = name, codec


def _holding(pk: UUID, key: str) -> Callable[[], None]:
    """What keeps the lease: asked after every row, it writes once in some seconds."""
    last = time.monotonic()

    def hold() -> None:
        nonlocal last
        if time.monotonic() - last > HOLD_SECONDS:
            last = time.monotonic()
            if not Upload.objects.unfinished().renew(pk, key):
                raise Stopped

    return hold


def _forget_left_over(upload: Upload) -> None:
    """Files that workers wrote who died before they could say so. A living one would hold the lease."""
    storage = upload.lines.storage
    folder = f"uploads/{upload.pk}"
    if storage.exists(folder):
        for name in storage.listdir(folder)[1]:
            storage.delete(f"{folder}/{name}")


@transaction.atomic
def _fail(upload: Upload, key: str, error: InvalidInput | FileNotFoundError) -> None:
    code, text = "file-missing", Text("The uploaded file is no longer there: upload it again.")
    if isinstance(error, InvalidInput):
        code = error.code if error.code != InvalidInput.code else "file-unreadable"
        text = error.message if isinstance(error.message, Text) else Text("{text}", text=error.message)
    said = {"code": code, **to_row(text)}
    if Upload.objects.unfinished().release(
        upload.pk, key, state=UploadState.FAILED, finished_at=timezone.now(), error=said
    ):
        announcing.failed(upload.pk)


def write(upload: Upload, stream: Any, out: BinaryIO, hold: Callable[[], None]) -> None:
    """Every entry of the upload's file as a line. `hold` is called after each; memory stays flat."""
    taken = archives.pictures_in(upload, stream) if upload.container == archives.ZIP else None
    stream.seek(0)
    table = opening.is_table(upload)
    at = 1
    for entry in opening.entries(upload, stream):
        if 0 < entry.line - at <= MOST_BLANK:
            out.write(b"\n" * (entry.line - at))
            at = entry.line
        out.write(_line(entry, taken, table) + b"\n")
        at += 1
        hold()


def _line(entry: Entry, taken: archives.Pictures | None, table: bool) -> bytes:
    if entry.record is None:
        error = entry.error or LineError("not-an-object", Text("This row cannot be read."))
        return _refused(entry, error.code, error.text)
    if entry.record.keys() & {REFUSED, PICTURES}:
        key = next(iter(entry.record.keys() & {REFUSED, PICTURES}))
        return _refused(entry, "message-key-unknown", Text("The key “{key}” is reserved: rename it.", key=key))
    row = jsonl.dump(entry.record).rstrip(b"\n") if table else _verbatim(entry)
    if taken is None:
        return row
    try:
        arrived = taken.named_in(entry.record)
    except InvalidInput as error:
        text = error.message if isinstance(error.message, Text) else Text("{text}", text=error.message)
        return _refused(entry, "image-unsupported", text)
    return _PICTURES + jsonl.dump(arrived).rstrip(b"\n") + _ROW + row + b"}" if arrived else row


def _verbatim(entry: Entry) -> bytes:
    """The record as its source wrote it, so that an export can write it so again; on one line."""
    raw = entry.raw
    if raw is None or not raw.startswith(b"{") or b"\n" in raw or b"\r" in raw:
        return jsonl.dump(entry.record).rstrip(b"\n")
    return raw


def _refused(entry: Entry, code: str, text: Text) -> bytes:
    """`raw` is what the download of the rejected lines gives back; so much of it as a line may hold."""
    raw = entry.raw if entry.raw is not None else b"" if entry.record is None else jsonl.dump(entry.record).rstrip()
    shown = raw[: settings.LINE_MAX_BYTES // 8].decode("utf-8", "backslashreplace")
    said = {REFUSED: {"code": code, **to_row(text)}, "raw": shown}
    return json.dumps(said, ensure_ascii=False).encode("utf-8", "backslashreplace")


def unpacked(raw: bytes) -> tuple[bytes, Mapping[str, str]]:
    """A line of `write`, opened: (the row itself, its pictures by name). Raises LineError for a refused row."""
    if raw.startswith(_REFUSED):
        said = json.loads(raw)[REFUSED]
        raise LineError(said["code"], from_row(said))
    if raw.startswith(_PICTURES):
        at = raw.index(_ROW)
        return raw[at + len(_ROW) : -1], json.loads(raw[len(_PICTURES) : at])
    return raw, {}


def source_of(raw: bytes) -> bytes:
    """What stood in the source, given a line of `write`: for whoever wants to mend a refused row."""
    if raw.startswith(_REFUSED):
        return str(json.loads(raw)["raw"]).encode("utf-8", "backslashreplace")
    return unpacked(raw)[0]

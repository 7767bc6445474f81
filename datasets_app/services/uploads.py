"""Uploads: taking a file in, saying how it is read, having it imported, or not."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from pathlib import PurePath
from typing import IO, Any
from uuid import uuid4

from django.conf import settings
from django.core.files import File
from django.core.files.base import File as AnyFile
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from datasets_app import tasks
from datasets_app.core.containers import CONTAINERS
from datasets_app.models import Dataset, Upload
from datasets_app.models.upload import UploadState
from datasets_app.pipeline import held, looking, opening
from datasets_app.pipeline.looking import Look
from ftstudio.accounts.models import AuditEntry, User
from ftstudio.accounts.policy import require
from ftstudio.errors import Conflict, InvalidInput, Listed, Text
from ftstudio.queue import enqueue
from ftstudio.web.texts import to_row

from . import upload_options
from .rejections import excerpts, rejected_lines
from .upload_options import AUTO

__all__ = ["AUTO", "EXTENSIONS", "Look", "cancel", "excerpts", "look", "receive", "rejected_lines", "start", "update"]

EXTENSIONS = tuple(dict.fromkeys(ending for one in CONTAINERS.values() for ending in one.extensions))


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
    *,
    actor: User,
    dataset: Dataset,
    file: IO[bytes] | File,
    name: str,
    again: bool = False,
    hold: bool = False,
    **options: Any,
) -> Upload:
    """Store the file while hashing it, recognise what it is, and have it imported in the background.

    With `hold` it waits for `start`; so does a table whose columns nobody can tell, whatever was asked. `options` are
    those of `update`. Raises InvalidInput for an empty or too large file, one that cannot be read at all, an unknown
    extension or option, and Conflict `already_imported` when this dataset has taken in the same bytes before, unless
    `again`.
    """
    require(actor, dataset.project_id, "uploads.create")
    name = PurePath(name.replace("\\", "/")).name.replace("\x00", "")[-200:]
    ending = _known_ending(name)
    upload = Upload(dataset=dataset, name=name, created_by=actor)
    _set(upload, upload_options.checked(options))
    storage = upload.file.storage
    hashing = _Hashing(file, settings.UPLOAD_MAX_BYTES)
    target = f"uploads/{uuid4().hex}{ending}"
    try:
        upload.file.name = storage.save(target, hashing)
        upload.size, upload.sha256 = hashing.passed, hashing.digest.hexdigest()
        if not upload.size:
            raise InvalidInput(code="empty", file=Text("The file is empty."))
        _recognise(upload)
        upload.state = UploadState.HELD if hold or upload.needs else UploadState.WAITING
        with transaction.atomic():
            # Of two people who send the same file at once, one waits here and is then told.
            Dataset.objects.select_for_update(no_key=True).get(pk=dataset.pk)
            if not again:
                _refuse_repetition(upload)
            upload.save()
            AuditEntry.objects.record(
                actor=actor, verb="uploads.create", target=upload, project=dataset.project, bytes=upload.size
            )
            if upload.state == UploadState.WAITING:
                enqueue(tasks.ingest_upload, upload.pk)
    except BaseException:
        storage.delete(upload.file.name or target)
        raise
    return upload


def _known_ending(name: str) -> str:
    ending = PurePath(name).suffix.lower()
    if ending not in EXTENSIONS:
        text = Text("The file's name must end in one of {known}.", known=Listed(EXTENSIONS))
        raise InvalidInput(code="unknown_extension", file=text)
    return ending


# What people pick by mistake: its first bytes, and what to call it.
_OTHER_FILES: dict[bytes, Text] = {
    b"\x89PNG": Text("an image"),
    b"\xff\xd8\xff": Text("an image"),
    b"%PDF": Text("a PDF document"),
    b"\x1f\x8b": Text("a compressed file"),
}


def _check_beginning(begin: bytes) -> None:
    """Refuse at the door what holds no rows at all, instead of thousands of rejected lines later."""
    if kind := next((kind for magic, kind in _OTHER_FILES.items() if begin.startswith(magic)), None):
        text = Text("This is {kind}, not a file with samples.", kind=kind)
        raise InvalidInput(code="not_lines", file=text)


def _set(upload: Upload, changes: Mapping[str, Any]) -> None:
    for name, value in changes.items():
        setattr(upload, name, value)


def _recognise(upload: Upload) -> None:
    """What was not said of the file is found out from it; what is missing still is said in `error`.

    Raises InvalidInput for a file that cannot be read, and for columns that it does not have.
    """
    upload.error = None
    file: Any = upload.file
    with file.open("rb") as stream:
        container, encoding = opening.recognised(stream, upload.name)
        upload.container = upload.container or container
        upload.encoding = upload.encoding or encoding
        if opening.is_table(upload):
            columns = opening.columns_of(upload, stream)
            upload_options.check_mapping(upload.mapping, columns)
            if opening.needs_mapping(upload, columns):
                text = Text(
                    "Nobody can tell from the headings what the columns are: say which is the question and "
                    "which the answer."
                )
                upload.error = {"code": upload.NEEDS_MAPPING, **to_row(text)}


def _refuse_repetition(upload: Upload) -> None:
    """Refuse what this dataset has taken in, or is taking in; a file that is held has not been taken in yet.

    When a held file is started, only what began since it came counts: of what was there before its owner was told.
    """
    states = (UploadState.WAITING, UploadState.RUNNING, UploadState.DONE)
    same = Upload.objects.filter(dataset=upload.dataset_id, sha256=upload.sha256, state__in=states)
    if not upload._state.adding:
        came = upload.created_at
        same = same.filter(Q(created_at__gt=came) | Q(started_at__gt=came) | Q(started_at=None))
    before = same.exclude(pk=upload.pk).first()
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


def look(upload: Upload) -> Look:
    """What the file would become, by its first rows. Raises Conflict `file_missing` when it has gone."""
    try:
        return looking.look(upload)
    except FileNotFoundError as error:
        raise Conflict(_("The uploaded file is no longer there."), code="file_missing") from error


def update(*, actor: User, upload: Upload, **options: Any) -> Upload:
    """Say of a held file how it is read and what is taken: `container`, `encoding`, `format`, `mapping` (of a table:
    field → column; {} goes by the headings), `strict` (only samples without errors), `side` (of every later split),
    `spread_by` (a dotted path whose values are counted) and `licence`.

    Raises InvalidInput on the option that cannot be, and Conflict `not_held` once the import has begun.
    """
    require(actor, upload.dataset.project_id, "uploads.update")
    changes = upload_options.checked(options)
    _set(upload, changes)
    if changes.keys() & {"container", "encoding", "format", "mapping"}:
        if changes.get("container") and "encoding" not in changes:
            upload.encoding = changes["encoding"] = ""
        if "mapping" not in changes and changes.keys() & {"container", "encoding"}:
            upload.mapping = {}  # of other columns
        _recognise(upload)
        changes |= {name: getattr(upload, name) for name in ("container", "encoding", "mapping", "error")}
    with transaction.atomic():
        held_still = Upload.objects.filter(pk=upload.pk, state=UploadState.HELD)
        if not (held_still.update(**changes) if changes else held_still.exists()):
            raise _not_held()
        AuditEntry.objects.record(
            actor=actor, verb="uploads.update", target=upload, project=upload.dataset.project, changed=sorted(changes)
        )
    return upload


def start(*, actor: User, upload: Upload, again: bool = False) -> Upload:
    """Have a held file imported. Raises InvalidInput `needs_mapping` while its columns are not told, Conflict
    `not_held` when it has begun already, and `already_imported` as `receive`, unless `again`.
    """
    require(actor, upload.dataset.project_id, "uploads.start")
    if upload.state == UploadState.HELD and upload.needs:
        raise InvalidInput(
            code="needs_mapping", mapping=Text("Say first which column is the question and which the answer.")
        )
    with transaction.atomic():
        Dataset.objects.select_for_update(no_key=True).get(pk=upload.dataset_id)
        if not again:
            _refuse_repetition(upload)
        if not Upload.objects.filter(pk=upload.pk, state=UploadState.HELD).update(state=UploadState.WAITING):
            raise _not_held()
        AuditEntry.objects.record(actor=actor, verb="uploads.start", target=upload, project=upload.dataset.project)
        enqueue(tasks.ingest_upload, upload.pk)
    upload.refresh_from_db()
    return upload


def cancel(*, actor: User, upload: Upload) -> Upload:
    """Stop an import, or discard a held file; what has been imported stays. Raises Conflict when it has ended."""
    require(actor, upload.dataset.project_id, "uploads.cancel")
    with transaction.atomic():
        discarded = held.discard(upload)
        stopped = discarded or Upload.objects.unfinished().filter(pk=upload.pk).update(
            state=UploadState.CANCELLED, finished_at=timezone.now()
        )
        if not stopped:
            raise Conflict(_("This import has ended already."), code="ended")
        AuditEntry.objects.record(actor=actor, verb="uploads.cancel", target=upload, project=upload.dataset.project)
        if not discarded:
            enqueue(tasks.ingest_upload, upload.pk)  # brings what was stopped among its chunks into order
    upload.refresh_from_db()
    return upload


def _not_held() -> Conflict:
    return Conflict(_("This file waits no longer: its import has begun, or it was discarded."), code="not_held")

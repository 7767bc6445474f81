"""Uploads: taking a file in, saying how it is read, having it imported, or not."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import partial
from pathlib import PurePath
from typing import IO, Any
from uuid import uuid4

from django.conf import settings
from django.core.files import File
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from datasets_app import tasks
from datasets_app.models import Dataset, Upload
from datasets_app.models.upload import UploadState
from datasets_app.pipeline import held, looking
from datasets_app.pipeline.attempts import past_deadlocks
from datasets_app.pipeline.looking import Look
from ftstudio.accounts.models import AuditEntry, User
from ftstudio.accounts.policy import require
from ftstudio.errors import Conflict, InvalidInput, Text
from ftstudio.queue import enqueue

from . import gunzip, upload_options
from .rejections import excerpts, rejected_lines
from .upload_files import Choices, Hashing, choices, find_out, known_ending, recognise
from .upload_options import AUTO

__all__ = ["AUTO", "Look", "cancel", "excerpts", "look", "receive", "rejected_lines", "start", "update"]


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
    """Store the file while hashing it, recognise what it is, and have it imported in the background. One that was
    compressed with gzip (rows.jsonl.gz) is unpacked first, and counts as what is inside; of one that is damaged what
    stands before the damage is read, and the rest is told as a line that was rejected.

    With `hold` it waits for `start`; so does a table whose columns nobody can tell, and an archive of which nobody can
    tell what is read, whatever was asked. `options` are
    those of `update`; without `mapping` the columns are what they were said to be in the last table with the same
    ones. Raises InvalidInput for an empty or too large file, one that cannot be read at all, an unknown
    extension or option, and Conflict `already_imported` when this dataset has taken in the same bytes before, of a
    workbook the same sheet of them, unless `again`. Of a held workbook with several sheets `start` says so: until then
    it may become another.
    """
    require(actor, dataset.project_id, "uploads.create")
    name = PurePath(name.replace("\\", "/")).name.replace("\x00", "")[-200:]
    file, name = gunzip.opened(file, name)
    ending = known_ending(name)
    upload = Upload(dataset=dataset, name=name, created_by=actor)
    _set(upload, upload_options.checked(options))
    storage = upload.file.storage
    hashing = Hashing(file, settings.UPLOAD_MAX_BYTES)
    target = f"uploads/{uuid4().hex}{ending}"
    try:
        upload.file.name = storage.save(target, hashing)
        upload.size, upload.sha256 = hashing.passed, hashing.digest.hexdigest()
        upload.damage = gunzip.damage_of(file)
        if not upload.size and upload.damage:
            raise gunzip.unreadable()
        if not upload.size:
            raise InvalidInput(code="empty", file=Text("The file is empty."))
        recognise(upload, as_before="mapping" not in options)
        upload.state = UploadState.HELD if hold or upload.needs else UploadState.WAITING
        found = choices(upload)
        again = again or (upload.state == UploadState.HELD and found.several)
        past_deadlocks(partial(_take_in, actor, upload, found, again=again), in_turn=False)
    except BaseException:
        storage.delete(upload.file.name or target)
        raise
    return upload


@transaction.atomic
def _take_in(actor: User, upload: Upload, found: Choices, *, again: bool) -> None:
    # Of two people who send the same file at once, one waits here and is then told.
    dataset = Dataset.objects.select_for_update(no_key=True).get(pk=upload.dataset_id)
    if not again:
        _refuse_repetition(upload, found)
    upload.save()
    AuditEntry.objects.record(
        actor=actor, verb="uploads.create", target=upload, project=dataset.project, bytes=upload.size
    )
    if upload.state == UploadState.WAITING:
        enqueue(tasks.ingest_upload, upload.pk)


def _set(upload: Upload, changes: Mapping[str, Any]) -> None:
    for name, value in changes.items():
        setattr(upload, name, value)


def _refuse_repetition(upload: Upload, found: Choices, *, since: datetime | None = None) -> None:
    """Refuse what this dataset has taken in, or is taking in; a file that is held has not been taken in yet.

    Of an archive only the file that is read counts, of a workbook, in which these sheets were `found`, only the one
    that is read, chosen or as the first. When a held file is started, only what began `since` it came counts: of what
    was there before its owner was told.
    """
    states = (UploadState.WAITING, UploadState.RUNNING, UploadState.DONE)
    same = Upload.objects.filter(dataset=upload.dataset_id, sha256=upload.sha256, state__in=states)
    if upload.member:
        same = same.filter(member__in=(upload.member, ""))
    if found.sheets:
        first = found.sheets[0]
        sheet = upload.sheet or first
        same = same.filter(sheet__in=(sheet, "") if sheet == first else (sheet,))
    if since:
        same = same.filter(Q(created_at__gt=since) | Q(started_at__gt=since) | Q(started_at=None))
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
    """Say of a held file how it is read and what is taken: `container`, `member` (which file of an archive),
    `encoding`, `delimiter` (of a text table), `sheet` (of a workbook; "" is the first that is not hidden), `format`,
    `mapping` (of a table: field → column; {} goes by the headings), `strict` (only samples without errors), `side` (of
    every later split), `spread_by` (a dotted path whose values are counted), `tags_by` (a dotted path whose words
    become the sample's tags) and `licence`.

    Raises InvalidInput on the option that cannot be, and Conflict `not_held` once the import has begun.
    """
    require(actor, upload.dataset.project_id, "uploads.update")
    changes = upload_options.checked(options)
    if changes.keys() & {*upload_options.READ_BY, "format", "mapping"}:
        _read_otherwise(upload, changes)
        changes |= {name: getattr(upload, name) for name in (*upload_options.READ_BY, "inside", "mapping", "error")}
    else:
        _set(upload, changes)
    with transaction.atomic():
        held_still = Upload.objects.filter(pk=upload.pk, state=UploadState.HELD)
        if not (held_still.update(**changes) if changes else held_still.exists()):
            raise _not_held()
        AuditEntry.objects.record(
            actor=actor, verb="uploads.update", target=upload, project=upload.dataset.project, changed=sorted(changes)
        )
    return upload


def _read_otherwise(upload: Upload, changes: dict[str, Any]) -> None:
    """What was found out of a file that is now read in another way is found out anew, as far as nobody says it."""
    was = {name: getattr(upload, name) for name in upload_options.READ_BY}
    _set(upload, changes)
    for name, told_by_it in upload_options.READ_BY.items():
        if name in changes and (find_out(upload), getattr(upload, name))[1] != was[name]:
            _set(upload, {other: "" for other in told_by_it if other not in changes})
    find_out(upload)
    if "mapping" not in changes and any(getattr(upload, name) != before for name, before in was.items()):
        upload.mapping = {}  # of other columns
    recognise(upload, as_before="mapping" not in changes)


def start(*, actor: User, upload: Upload, again: bool = False) -> Upload:
    """Have a held file imported. Raises InvalidInput `needs_member` while nobody has said which file of the archive
    holds the rows, and `needs_mapping` while its columns are not told, Conflict
    `not_held` when it has begun already, and `already_imported` as `receive`, unless `again`.
    """
    require(actor, upload.dataset.project_id, "uploads.start")
    if upload.state == UploadState.HELD and upload.needs == "member":
        raise InvalidInput(code="needs_member", member=Text("Say first which file of the archive holds the rows."))
    if upload.state == UploadState.HELD and upload.needs:
        raise InvalidInput(
            code="needs_mapping", mapping=Text("Say first which column is the question and which the answer.")
        )
    found = choices(upload) if upload.state == UploadState.HELD else Choices()

    @transaction.atomic
    def write() -> None:
        Dataset.objects.select_for_update(no_key=True).get(pk=upload.dataset_id)
        if not again:
            _refuse_repetition(upload, found, since=None if found.several else upload.created_at)
        if not Upload.objects.filter(pk=upload.pk, state=UploadState.HELD).update(state=UploadState.WAITING):
            raise _not_held()
        AuditEntry.objects.record(actor=actor, verb="uploads.start", target=upload, project=upload.dataset.project)
        enqueue(tasks.ingest_upload, upload.pk)

    past_deadlocks(write, in_turn=False)
    upload.refresh_from_db()
    return upload


def cancel(*, actor: User, upload: Upload) -> Upload:
    """Stop an import, or discard a held file; what has been imported stays. Raises Conflict when it has ended."""
    require(actor, upload.dataset.project_id, "uploads.cancel")

    @transaction.atomic
    def write() -> None:
        discarded = held.discard(upload)
        stopped = discarded or Upload.objects.unfinished().filter(pk=upload.pk).update(
            state=UploadState.CANCELLED, finished_at=timezone.now()
        )
        if not stopped:
            raise Conflict(_("This import has ended already."), code="ended")
        AuditEntry.objects.record(actor=actor, verb="uploads.cancel", target=upload, project=upload.dataset.project)
        if not discarded:
            enqueue(tasks.ingest_upload, upload.pk)  # brings what was stopped among its chunks into order

    past_deadlocks(write, in_turn=False)
    upload.refresh_from_db()
    return upload


def _not_held() -> Conflict:
    return Conflict(_("This file waits no longer: its import has begun, or it was discarded."), code="not_held")

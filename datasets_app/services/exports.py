"""Exports: a snapshot as a file in one format, unless its own errors stand in the way."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from django.core.files.base import File
from django.db import transaction

from datasets_app import tasks
from datasets_app.core.codecs import CODECS
from datasets_app.core.splitting import SIDES
from datasets_app.models import Export, Snapshot
from datasets_app.models.snapshot import SnapshotState
from datasets_app.models.upload import UploadState
from datasets_app.pipeline.write_export import ALL
from ftstudio.accounts.models import AuditEntry, User
from ftstudio.accounts.policy import require
from ftstudio.errors import Conflict, InvalidInput, Listed, Text
from ftstudio.queue import enqueue


def errors_of(snapshot: Snapshot, split: str = ALL) -> dict[str, int]:
    """rule → samples of the split that it calls wrong, as they were when the snapshot was frozen."""
    rules: Counter[str] = Counter()
    for name, found in snapshot.counts.get("rules", {}).items():
        if split in (ALL, name):
            rules.update(found)
    return dict(rules.most_common())


def create(
    *, actor: User, snapshot: Snapshot, codec: str, split: str = ALL, waive: Mapping[str, Any] | None = None
) -> Export:
    """Have the snapshot written as a file.

    Error findings block it (Conflict `blocked`, `fields` naming rule and number) unless a lead waives them:
    `waive={"reason": …, "rules"?: […]}`; without `rules` all of them. Raises Conflict `not_ready` before the
    snapshot is built.
    """
    dataset = snapshot.dataset
    require(actor, dataset.project_id, "exports.create")
    if codec not in CODECS:
        known = Listed(CODECS)
        raise InvalidInput(codec=Text("“{name}” is no format: use one of {known}.", name=str(codec)[:60], known=known))
    if split not in (ALL, *SIDES):
        known = Listed((ALL, *SIDES))
        raise InvalidInput(split=Text("“{name}” is no split: use one of {known}.", name=str(split)[:60], known=known))
    if snapshot.state != SnapshotState.READY:
        raise Conflict(Text("The snapshot is not built yet; wait until it is ready."), code="not_ready")
    waivers = _waivers(actor, snapshot, split, waive)
    with transaction.atomic():
        export = Export.objects.create(snapshot=snapshot, codec=codec, split=split, waivers=waivers, created_by=actor)
        AuditEntry.objects.record(
            actor=actor, verb="exports.create", target=export, project=dataset.project, codec=codec, waivers=waivers
        )
        enqueue(tasks.write_export, export.pk)
    return export


def _waivers(actor: User, snapshot: Snapshot, split: str, waive: Mapping[str, Any] | None) -> list[dict[str, str]]:
    errors = errors_of(snapshot, split)
    if not waive:
        _refuse(errors)
        return []
    require(actor, snapshot.dataset.project_id, "exports.waive")
    reason = str(waive.get("reason") or "").strip()
    if not reason:
        raise InvalidInput(waive=Text("Say why these errors may pass; the reason is kept in the manifest."))
    if len(reason) > 300:
        raise InvalidInput(waive=Text("At most {n} characters, please.", n=300))
    rules = list(waive.get("rules") or errors)
    _refuse({rule: n for rule, n in errors.items() if rule not in rules})
    return [{"rule": rule, "reason": reason, "by": actor.get_username()} for rule in rules if rule in errors]


def _refuse(errors: Mapping[str, int]) -> None:
    if not errors:
        return
    listed = Listed(f"{rule} {n}" for rule, n in errors.items())
    raise Conflict(
        Text("Error findings stand in the way ({listed}): correct them, or let a lead waive them.", listed=listed),
        code="blocked",
        details={"rules": dict(errors)},
    )


def file_of(export: Export) -> File:
    """The written file, open for reading. Raises Conflict while there is none, or when it has gone from storage."""
    if export.state != UploadState.DONE:
        raise Conflict(Text("The file is not written yet."), code="not_ready")
    try:
        return export.file.open("rb")
    except FileNotFoundError as error:
        raise Conflict(Text("The file is no longer there: export again."), code="file_missing") from error


def name_of(export: Export) -> str:
    """A file name that says what is inside: dataset, snapshot number, split and format."""
    name = "".join(char if char.isalnum() or char in "-_" else "-" for char in export.snapshot.dataset.name).strip("-")
    return f"{name or 'dataset'}-v{export.snapshot.number}-{export.split}-{export.codec}.jsonl"

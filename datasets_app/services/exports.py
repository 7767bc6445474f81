"""Exports: a snapshot as a file in one format, unless its own errors stand in the way."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import PurePath
from typing import Any

from django.core.files.base import File
from django.db import transaction

from datasets_app import tasks
from datasets_app.core import contracts, profiles
from datasets_app.core.codecs import CODECS
from datasets_app.core.composing import Options
from datasets_app.core.limits import RULES_OF_FILES, of_file
from datasets_app.core.splitting import SIDES
from datasets_app.models import Export, Snapshot
from datasets_app.models.snapshot import SnapshotState
from datasets_app.models.upload import UploadState
from datasets_app.pipeline.write_export import ALL
from ftstudio.accounts.models import AuditEntry, User
from ftstudio.accounts.policy import require
from ftstudio.errors import Conflict, InvalidInput, Listed, Text
from ftstudio.queue import enqueue

from .wrong_samples import first_wrong


def errors_of(snapshot: Snapshot, split: str = ALL) -> dict[str, int]:
    """rule → samples of the split that it calls wrong, as they were when the snapshot was frozen."""
    rules: Counter[str] = Counter()
    for name, found in snapshot.counts.get("rules", {}).items():
        if split in (ALL, name):
            rules.update(found)
    return dict(rules.most_common())


def blocking(snapshot: Snapshot, split: str, options: Options) -> dict[str, int]:
    """rule → how often it stands in the way: errors of samples, and a file with fewer rows than its target takes."""
    found = errors_of(snapshot, split)
    if split in (ALL, "train"):
        rows = sum(snapshot.sizes.values()) if split == ALL else snapshot.sizes[split]
        profile, contract = profiles.get(options.profile or snapshot.profile), contracts.parse(snapshot.contract)
        for finding in of_file(profile, rows=rows, contract=contract):
            if finding.severity == "error":
                found[finding.rule] = 1
    return found


def create(
    *,
    actor: User,
    snapshot: Snapshot,
    codec: str,
    split: str = ALL,
    options: Mapping[str, Any] | None = None,
    waive: Mapping[str, Any] | None = None,
) -> Export:
    """Have the snapshot written as a file.

    `options` is read by `core.composing.Options`: contrast rows, a share of negatives, fields that may be lost, the
    target's profile. Error findings and too few rows for the target block it (Conflict `blocked`, `fields` naming rule
    and number, and the first wrong samples with the place in them) unless a lead waives them:
    `waive={"reason": …, "rules"?: […]}`; without `rules` all of them, and a
    file that turns out too large. Raises Conflict `not_ready` before the snapshot is built.
    """
    dataset = snapshot.dataset
    require(actor, dataset.project_id, "exports.create")
    check_target(codec, split)
    wanted = Options.parse(options)
    if wanted.contrast and CODECS[codec].pairs:
        raise InvalidInput(
            contrast=Text("{format} holds the wrong answers already: leave the contrast rows out.",
                          format=CODECS[codec].label)
        )  # fmt: skip
    require_ready(snapshot)
    waivers = _waivers(actor, snapshot, split, blocking(snapshot, split, wanted), waive)
    with transaction.atomic():
        export = Export.objects.create(
            snapshot=snapshot, codec=codec, split=split, options=wanted.to_data(), waivers=waivers, created_by=actor
        )
        AuditEntry.objects.record(
            actor=actor, verb="exports.create", target=export, project=dataset.project, codec=codec, waivers=waivers
        )
        enqueue(tasks.write_export, export.pk)
    return export


def check_target(codec: str, split: str) -> None:
    """Raise InvalidInput for a format or a split that does not exist."""
    if codec not in CODECS:
        known = Listed(CODECS)
        raise InvalidInput(codec=Text("“{name}” is no format: use one of {known}.", name=str(codec)[:60], known=known))
    if split not in (ALL, *SIDES):
        known = Listed((ALL, *SIDES))
        raise InvalidInput(split=Text("“{name}” is no split: use one of {known}.", name=str(split)[:60], known=known))


def require_ready(snapshot: Snapshot) -> None:
    """Raise Conflict `not_ready` while the snapshot is not built."""
    if snapshot.state != SnapshotState.READY:
        raise Conflict(Text("The snapshot is not built yet; wait until it is ready."), code="not_ready")


def _waivers(
    actor: User, snapshot: Snapshot, split: str, errors: Mapping[str, int], waive: Mapping[str, Any] | None
) -> list[dict[str, str]]:
    if not waive:
        _refuse(snapshot, split, errors)
        return []
    require(actor, snapshot.dataset.project_id, "exports.waive")
    reason = str(waive.get("reason") or "").strip()
    if not reason:
        raise InvalidInput(waive=Text("Say why these errors may pass; the reason is kept in the manifest."))
    if len(reason) > 300:
        raise InvalidInput(waive=Text("At most {n} characters, please.", n=300))
    # What only the finished file can tell is let pass beforehand; the manifest names it only if it came to that.
    rules = list(dict.fromkeys(waive.get("rules") or [*errors, *RULES_OF_FILES]))
    _refuse(snapshot, split, {rule: n for rule, n in errors.items() if rule not in rules})
    return [
        {"rule": rule, "reason": reason, "by": actor.get_username()}
        for rule in rules
        if rule in errors or rule in RULES_OF_FILES
    ]


def _refuse(snapshot: Snapshot, split: str, errors: Mapping[str, int]) -> None:
    if not errors:
        return
    listed = Listed(f"{rule} {n}" for rule, n in errors.items())
    raise Conflict(
        Text("Error findings stand in the way ({listed}): correct them, or let a lead waive them.", listed=listed),
        code="blocked",
        details={"rules": dict(errors), "samples": first_wrong(snapshot, split)},
    )


def file_of(export: Export) -> File:
    """The written file, open for reading. Raises Conflict while there is none, or when it has gone from storage."""
    if export.state != UploadState.DONE:
        raise Conflict(Text("The file is not written yet."), code="not_ready")
    try:
        return export.file.open("rb")
    except FileNotFoundError as error:
        raise Conflict(Text("The file is no longer there: export again."), code="file_missing") from error


CONTENT_TYPES = {
    ".jsonl": "application/x-ndjson",
    ".csv": "text/csv",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ".parquet": "application/vnd.apache.parquet",
    ".zip": "application/zip",
}


def name_of(export: Export) -> str:
    """A file name that says what is inside: dataset, snapshot number, split and format."""
    name = "".join(char if char.isalnum() or char in "-_" else "-" for char in export.snapshot.dataset.name).strip("-")
    suffix = PurePath(export.file.name or "").suffix or ".jsonl"
    return f"{name or 'dataset'}-v{export.snapshot.number}-{export.split}-{export.codec}{suffix}"


def content_type_of(export: Export) -> str:
    """The media type of the written file."""
    return CONTENT_TYPES.get(PurePath(export.file.name or "").suffix, "application/octet-stream")

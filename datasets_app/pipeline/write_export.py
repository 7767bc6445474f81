"""An export's file and manifest: written aside, held against the target's limits, then taken over whole."""

from __future__ import annotations

import tempfile
import zipfile
from collections import Counter
from collections.abc import Mapping
from hashlib import file_digest
from typing import Any
from uuid import UUID

from django.core.files import File
from django.utils import timezone

from datasets_app.core import contracts, profiles
from datasets_app.core.composing import Options
from datasets_app.core.findings import Finding
from datasets_app.core.limits import of_file
from datasets_app.models import Export
from datasets_app.models.upload import UploadState
from ftstudio.errors import Text
from ftstudio.memory import giving_back
from ftstudio.web.texts import to_row

from .attempts import Stopped, work_alone
from .courtesy import waited_for
from .sinks import suffix_of
from .write_rows import ALL, PLAIN, Written, write_lines

__all__ = ["ALL", "PLAIN", "Written", "manifest_of", "write_export", "write_lines"]

LONG_AGO = (1980, 1, 1, 0, 0, 0)  # the time of everything in an archive: the same inputs give the same bytes
ROWS_IN_ARCHIVE = "data.jsonl"


def write_export(export_id: UUID | str) -> None:
    """Write the export's file and manifest. Safe to call at any time; a worker that died leaves nothing behind."""
    related = ("snapshot__dataset", "created_by")
    with waited_for(), giving_back():
        work_alone(Export.objects.unfinished(), export_id, with_related=related, work=_write, fail=_fail)


def _write(export: Export, key: str) -> None:
    mine = Export.objects.unfinished()

    def progress(rows: int) -> None:
        if not mine.renew(export.pk, key, rows_written=rows):
            raise Stopped

    if not mine.renew(export.pk, key, state=UploadState.RUNNING):
        raise Stopped
    options = Options.parse(export.options)
    with tempfile.TemporaryFile() as rows, tempfile.TemporaryFile() as archive:
        written = write_lines(export.snapshot, export.codec, export.split, rows, options=options, progress=progress)
        if not written.rows:
            _nothing_written(export, key, written)
            return
        if written.attached:
            _archive(rows, written, archive)
        findings = findings_of(export, options, written)
        if stopping := [one for one in findings if one.severity == "error" and one.rule not in _waived(export)]:
            manifest = manifest_of(export, written, findings)
            _fail(export, key, stopping[0].rule, stopping[0].message, manifest=manifest)
            return
        file = archive if written.attached else rows
        file.seek(0)
        # Each attempt has a name of its own, known to the row before there is a file: what a killed worker left is
        # found and thrown away, and one that slept through its lease cannot touch the file of who came after it.
        storage = export.file.storage
        suffix = ".zip" if written.attached else suffix_of(export.codec)
        name = export.file.field.generate_filename(export, f"{export.pk}-{key[:8]}{suffix}")
        left = Export.objects.values_list("file", flat=True).get(pk=export.pk)
        if not mine.renew(export.pk, key, file=name):
            raise Stopped
        if left and left != name:
            storage.delete(left)
        storage.save(name, File(file))
    done = mine.release(
        export.pk,
        key,
        state=UploadState.DONE,
        file=name,
        rows_written=written.rows,
        size=written.bytes,
        sha256=written.sha256,
        manifest=manifest_of(export, written, findings),
        finished_at=timezone.now(),
    )
    if not done:
        storage.delete(name)


def findings_of(export: Export, options: Options, written: Written) -> list[Finding]:
    """What the target's limits say about the file as a whole. A validation file has no least number of rows."""
    profile = profiles.get(options.profile or export.snapshot.profile)
    contract = contracts.parse(export.snapshot.contract)
    found = [*of_file(profile, rows=written.rows, size=written.bytes, contract=contract)]
    if written.pictures is not None:
        found += written.pictures.findings(contract)
    return [one for one in found if one.rule != "too-few-samples" or export.split in (ALL, "train")]


def _waived(export: Export) -> set[str]:
    return {waiver["rule"] for waiver in export.waivers}


def _archive(rows: Any, written: Written, out: Any) -> None:
    """The rows and the pictures they name, in one zip; `written` then says the bytes and the hash of the zip.

    Nothing is compressed: pictures are so already, and another release of zlib would give other bytes.
    """
    rows.seek(0)
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        with archive.open(zipfile.ZipInfo(ROWS_IN_ARCHIVE, LONG_AGO), "w", force_zip64=True) as member:
            while piece := rows.read(1 << 20):
                member.write(piece)
        for name in sorted(written.attached):
            with written.attached[name].open("rb") as picture:
                archive.writestr(zipfile.ZipInfo(name, LONG_AGO), picture.read())
    written.bytes = out.tell()
    out.seek(0)
    written.sha256 = file_digest(out, "sha256").hexdigest()


def _nothing_written(export: Export, key: str, written: Written) -> None:
    if written.refused_rows:
        text = Text("The format can carry none of the samples: see the manifest for what it would lose.")
    else:
        text = Text("The snapshot has no sample in this split.")
    _fail(export, key, "nothing-written", text, manifest=manifest_of(export, written))


def _fail(export: Export, key: str, code: str, text: Text, **changes: Any) -> None:
    error = {"code": code, **to_row(text)}
    now = timezone.now()
    Export.objects.unfinished().release(
        export.pk, key, state=UploadState.FAILED, error=error, finished_at=now, **changes
    )


def manifest_of(export: Export, written: Written, findings: list[Finding] | None = None) -> dict[str, Any]:
    """What a reader of the file must be able to say about it, without asking us."""
    snapshot = export.snapshot
    dataset = snapshot.dataset
    sides = list(snapshot.counts.get("rules", {})) if export.split == ALL else [export.split]
    rules: Counter[str] = Counter()
    for name in sides:
        rules.update(snapshot.counts.get("rules", {}).get(name, {}))
    rules.update(one.rule for one in findings or ())
    return {
        "dataset": {"id": str(dataset.pk), "name": dataset.name},
        "snapshot": {
            "id": str(snapshot.pk),
            "number": snapshot.number,
            "content_hash": snapshot.content_hash,
            "frozen_at": snapshot.created_at.isoformat(),
            "shares": snapshot.shares,
            "seed": snapshot.seed,
            "group_by": snapshot.group_by,
            "stratify_by": snapshot.stratify_by,
            "mix": snapshot.mix,
            "filter": snapshot.filter,
            "counts": {name: n for name, n in snapshot.counts.items() if isinstance(n, int)},
        },
        "codec": export.codec,
        "split": export.split,
        "options": export.options,
        "rows": written.rows,
        "bytes": written.bytes,
        "sha256": written.sha256,
        "as_imported": written.as_imported,
        "rewritten": dict(sorted(written.rewritten.items())),
        "contrast": {"rows": written.contrasts, "wanted": written.chosen.contrast_wanted},
        "negatives": _negatives(export.options, written),
        "pictures": {"files": len(written.attached), "embedded": written.embedded},
        "refused": {
            "rows": written.refused,
            "reasons": dict(sorted(written.reasons.items())),
            "listed": written.refused_rows,
        },
        "reduced": {"rows": written.reduced, "listed": written.reduced_rows},
        "profile": snapshot.profile,
        "findings": [
            {"rule": one.rule, "severity": one.severity, "message": to_row(one.message)} for one in findings or ()
        ],
        "rule_set_version": snapshot.rule_set_version,
        "rules": dict(sorted(rules.items())),
        "waivers": [waiver for waiver in export.waivers if waiver["rule"] in rules],
        "waived": snapshot.counts.get("waived", []),  # let pass sample by sample, before it was frozen
        "contract": snapshot.contract,
        "guideline_version": snapshot.guideline_version,
        "system_prompt": snapshot.system_prompt,
        "contrast_template": snapshot.contrast_template,
        "system_prompt_added": written.prompted,
        "created_by": str(export.created_by),
        "created_at": export.created_at.isoformat(),
    }


def _negatives(options: Mapping[str, Any], written: Written) -> dict[str, int] | None:
    """How many negatives are in the file and how many the share asked for; None when none was asked for."""
    if "negatives" not in options:
        return None
    chosen = written.chosen
    return {"rows": chosen.negatives, "wanted": chosen.negatives_wanted, "left_out": len(chosen.left_out)}

"""A snapshot as a file: revisions through a codec, in the dataset's order, in flat memory, same bytes always."""

from __future__ import annotations

import hashlib
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any, BinaryIO
from uuid import UUID

from django.core.files import File
from django.utils import timezone

from datasets_app.core import codecs, jsonl, samples
from datasets_app.core.codecs import CodecError
from datasets_app.models import Export, Snapshot
from datasets_app.models.upload import UploadState
from ftstudio.errors import Text
from ftstudio.web.texts import to_row

from .attempts import Stopped, work_alone

CHUNK = 2000
LISTED = 1000  # refused and reduced rows that a manifest names one by one; it counts all of them
PROMPTS = 20
ALL = "all"


@dataclass(slots=True)
class Written:
    """What went into a file. `refused` rows could not be carried and are not in it; `reduced` ones are, with a loss.

    `prompted` rows had no system turn and got the snapshot's system prompt. `system_prompts` counts the rows under
    each system prompt ("" for none); once there are more than `PROMPTS`, the rest are counted under None.
    """

    rows: int = 0
    bytes: int = 0
    sha256: str = ""
    refused: int = 0
    reduced: int = 0
    prompted: int = 0
    system_prompts: Counter[str | None] = field(default_factory=Counter)
    refused_rows: list[dict[str, Any]] = field(default_factory=list)  # {"position", "fields", "reason"}
    reduced_rows: list[dict[str, Any]] = field(default_factory=list)  # {"position", "fields"}


def write_lines(snapshot: Snapshot, codec: str, split: str, out: BinaryIO, *, progress: Any = None) -> Written:
    """Write one split of a snapshot (`all`: every one) as JSONL in canonical bytes.

    A codec that cannot hold a rejected answer writes the corrected one alone and reports the row as reduced; a row
    with anything else that the codec cannot hold is refused. A sample without a system turn gets the snapshot's system
    prompt, so that a model is trained on what it will be told. `progress(rows)` is called after each chunk.
    """
    writer = codecs.CODECS[codec]
    written = Written()
    digest = hashlib.sha256()
    for position, payload in _payloads(snapshot, split):
        sample = samples.from_json(payload)
        prompted = bool(snapshot.system_prompt) and sample.system is None
        if prompted:
            told = samples.Message("system", snapshot.system_prompt)
            sample = replace(sample, messages=(told, *sample.messages))
        losses = writer.losses(sample)
        try:
            if losses == ("rejected",):
                sample = writer.reduce(sample)
            line = jsonl.dump(writer.encode(sample))
        except CodecError as error:
            written.refused += 1
            if len(written.refused_rows) < LISTED:
                reason = to_row(error.text)
                written.refused_rows.append({"position": position, "fields": list(error.fields), "reason": reason})
        else:
            if losses:
                written.reduced += 1
                if len(written.reduced_rows) < LISTED:
                    written.reduced_rows.append({"position": position, "fields": list(losses)})
            written.prompted += prompted
            prompt = sample.system.text if sample.system else ""
            known = prompt in written.system_prompts or len(written.system_prompts) < PROMPTS
            written.system_prompts[prompt if known else None] += 1
            out.write(line)
            digest.update(line)
            written.rows += 1
            written.bytes += len(line)
        if progress and (written.rows + written.refused) % CHUNK == 0:
            progress(written.rows)
    written.sha256 = digest.hexdigest()
    return written


def _payloads(snapshot: Snapshot, split: str) -> Iterator[tuple[int, str]]:
    """(position, payload) of the split's entries in order; by keyset, so that nothing long is held open."""
    entries = snapshot.entries.order_by("position")
    if split != ALL:
        entries = entries.filter(split=split)
    last = 0
    while rows := list(entries.filter(position__gt=last).values_list("position", "revision__payload")[:CHUNK]):
        yield from rows
        last = rows[-1][0]


def write_export(export_id: UUID | str) -> None:
    """Write the export's file and manifest. Safe to call at any time; a worker that died leaves nothing behind."""
    related = ("snapshot__dataset", "created_by")
    work_alone(Export.objects.unfinished(), export_id, with_related=related, work=_write, fail=_fail)


def _write(export: Export, key: str) -> None:
    mine = Export.objects.unfinished()

    def progress(rows: int) -> None:
        if not mine.renew(export.pk, key, rows_written=rows):
            raise Stopped

    if not mine.renew(export.pk, key, state=UploadState.RUNNING):
        raise Stopped
    with tempfile.TemporaryFile() as file:
        written = write_lines(export.snapshot, export.codec, export.split, file, progress=progress)
        if not written.rows:
            _nothing_written(export, key, written)
            return
        file.seek(0)
        # Each attempt has a name of its own, known to the row before there is a file: what a killed worker left is
        # found and thrown away, and one that slept through its lease cannot touch the file of who came after it.
        storage = export.file.storage
        name = export.file.field.generate_filename(export, f"{export.pk}-{key[:8]}.jsonl")
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
        manifest=manifest_of(export, written),
        finished_at=timezone.now(),
    )
    if not done:
        storage.delete(name)


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


def manifest_of(export: Export, written: Written) -> dict[str, Any]:
    """What a reader of the file must be able to say about it, without asking us."""
    snapshot = export.snapshot
    dataset = snapshot.dataset
    sides = list(snapshot.counts.get("rules", {})) if export.split == ALL else [export.split]
    rules: Counter[str] = Counter()
    for name in sides:
        rules.update(snapshot.counts.get("rules", {}).get(name, {}))
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
            "filter": snapshot.filter,
            "counts": {name: n for name, n in snapshot.counts.items() if name != "rules"},
        },
        "codec": export.codec,
        "split": export.split,
        "rows": written.rows,
        "bytes": written.bytes,
        "sha256": written.sha256,
        "refused": {"rows": written.refused, "listed": written.refused_rows},
        "reduced": {"rows": written.reduced, "listed": written.reduced_rows},
        "profile": snapshot.profile,
        "rule_set_version": snapshot.rule_set_version,
        "rules": dict(sorted(rules.items())),
        "waivers": export.waivers,
        "contract": snapshot.contract,
        "guideline_version": snapshot.guideline_version,
        "system_prompt": snapshot.system_prompt,
        "system_prompt_added": written.prompted,
        "created_by": str(export.created_by),
        "created_at": export.created_at.isoformat(),
    }

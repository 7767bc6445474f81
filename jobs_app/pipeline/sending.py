"""The files of a job: written from its snapshot, uploaded once for each attempt, waited for until they can be used."""

from __future__ import annotations

import codecs
import hashlib
import tempfile
from pathlib import Path
from typing import Any

from django.utils import timezone

from datasets_app.core.composing import Options
from datasets_app.pipeline.write_export import write_lines
from ftstudio.errors import InvalidInput, Text
from jobs_app.core.recipes import Recipe
from jobs_app.models import Job
from jobs_app.models.report import OURS
from jobs_app.providers.base import Provider

from .clients import jittered
from .ledger import note
from .settle import Wait, remember

SIDES = (("train", "training_file"), ("validation", "validation_file"))
SOONEST, LATEST = 3.0, 60.0  # seconds between two looks at a file that the provider is still checking


def send_files(job: Job, key: str, provider: Provider) -> None:
    """Upload what this attempt needs and is not there yet. Raises Wait while the provider checks a file."""
    for split, field in SIDES:
        if split == "train" or (job.frozen.counts.get("validation") and provider.capabilities.validation_file):
            _upload(job, key, provider, split, field)
    for _, field in SIDES:
        file_id = getattr(job, field)
        if file_id and not provider.is_ready(file_id):
            raise Wait(timezone.now() + jittered(_patience(job)))


def codec_of(job: Job, provider: type[Provider] | Provider) -> str:
    """The wire format that the job's files are written in."""
    return job.codec or provider.formats[Recipe.of(job.recipe).method][0]


def _upload(job: Job, key: str, provider: Provider, split: str, field: str) -> None:
    """Write one side of the snapshot to a file and send it, unless that has been done."""
    if getattr(job, field):
        return
    with tempfile.TemporaryDirectory(prefix="ftstudio-") as folder:
        path = Path(folder) / f"{split}.jsonl"
        codec = codec_of(job, provider)
        with path.open("wb") as file:
            if provider.bom:
                file.write(codecs.BOM_UTF8)
            written = write_lines(job.frozen, codec, split, file, options=Options(portion=job.train_percent))
        if written.refused:
            raise InvalidInput(
                Text(
                    "{n} rows of the snapshot cannot be written in the provider's format “{codec}”. "
                    "Export the snapshot in this format to see which.",
                    n=written.refused,
                    codec=codec,
                )
            )
        if not written.rows:
            raise InvalidInput(Text("The snapshot has no rows in the split “{split}”.", split=split))
        size = path.stat().st_size
        with path.open("rb") as file:  # of the bytes that go out, the byte order mark among them
            sha256 = hashlib.file_digest(file, "sha256").hexdigest() if provider.bom else written.sha256
        uploaded = provider.upload(path)
    side = field.removesuffix("_file")
    rows = "rows_train" if split == "train" else "rows_validation"
    changes: dict[str, Any] = {field: uploaded, f"{side}_sha256": sha256, rows: written.rows}
    if split == "train" and len(written.system_prompts) == 1:
        # What every training row was told is what the tuned model must be told, whoever wrote it into the rows.
        changes["contract"] = {**job.contract, "system_prompt": next(iter(written.system_prompts)) or ""}
    remember(job, key, **changes)
    note(
        job,
        f"upload-{uploaded}",
        Text("Sent {n} rows ({split}, {codec}) as {file}.", n=written.rows, split=split, codec=codec, file=uploaded),
        raw={"sent": {"rows": written.rows, "bytes": size, "sha256": sha256, "codec": codec, "split": split,
                      "percent": job.train_percent if split == "train" else 100}, "answer": {"id": uploaded}},
    )  # fmt: skip


def _patience(job: Job) -> float:
    """The wait before the next look: the longer the provider has had the file, the longer."""
    sent = job.events.filter(provider_id__startswith=f"{OURS}upload-").order_by("-id").values_list("at", flat=True)
    first = sent.first()
    had = (timezone.now() - first).total_seconds() if first else 0.0
    return max(SOONEST, min(LATEST, had / 4))

"""Jobs of a provider without a job API: we write the files, a person does the rest in the provider's console.

The job is running from then on. No worker asks about it: a person says how it ended (`services.manual`).
"""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from datasets_app.core.composing import Options
from datasets_app.models import Export
from ftstudio.errors import Text
from jobs_app.core import lifecycle
from jobs_app.models import Job
from jobs_app.providers.base import Provider

from . import telling
from .ledger import note
from .sending import SIDES, codec_of
from .settle import Lost

BY_HAND = "export:"  # what stands before the id of an export where other jobs have the provider's file id


def export_id(file: str) -> str:
    """The id of the export behind a job's file; "" for a file that was sent to a provider."""
    return file.removeprefix(BY_HAND) if file.startswith(BY_HAND) else ""


@transaction.atomic
def hand_over(job: Job, key: str, provider: Provider) -> None:
    """Have the job's files written as exports, and leave the job to a person."""
    if not Job.objects.renew(job.pk, key):
        raise Lost
    files = {}
    for split, field in SIDES:
        rows = job.frozen.counts.get(split, 0)
        if rows and (split == "train" or provider.capabilities.validation_file):
            options = Options(portion=job.train_percent) if split == "train" else Options()
            export = Export.objects.create(
                snapshot=job.frozen, codec=codec_of(job, provider), split=split, options=options.to_data(),
                waivers=job.waivers, created_by=job.created_by,
            )  # fmt: skip
            files[field] = f"{BY_HAND}{export.pk}"
            share = job.train_percent if split == "train" else 100
            files["rows_train" if split == "train" else "rows_validation"] = -(-rows * share // 100)
    before = job.state
    if not Job.objects.move(job, lifecycle.RUNNING, started_at=timezone.now(), next_poll_at=None, **files):
        raise Lost
    telling.told(job, before, job.state)
    why = Text("Start it in the provider's console as its page says, and register the tuned model afterwards.")
    telling.needs_you(job, why, "manual")
    note(job, "by-hand", Text("The files are written; a person starts the training in the provider's console."))
    Job.objects.release(job.pk, key)

"""Bring a launched job to its provider: write the files, upload them, create the job; each step paid for once.

Whatever kills the worker, the next one reads from the row how far it came. A file that was uploaded is not uploaded
again. A create that was begun is looked for by its marker before it is repeated, and repeated only when the
provider has had time to list it, and only once.
"""

from __future__ import annotations

import logging
import secrets
import tempfile
from datetime import timedelta
from pathlib import Path
from uuid import UUID

from django.db import InterfaceError, OperationalError, transaction
from django.db.models import F
from django.utils import timezone

from datasets_app.pipeline.write_export import write_lines
from ftstudio.errors import InvalidInput, StudioError, Text, Unavailable
from ftstudio.web.texts import to_line
from jobs_app.core import lifecycle
from jobs_app.core.recipes import Recipe
from jobs_app.models import Job, JobEvent
from jobs_app.providers.base import Created, Order, Provider, ProviderError

from .clients import after_failure, client_of, held
from .settle import BROKEN, end

logger = logging.getLogger(__name__)

LISTING_LAG = timedelta(seconds=60)  # a fresh job may be missing from the provider's list for that long
MOST_CREATES = 2  # the second only after the provider has said that the first is not there


class _Lost(Exception):
    """The lease ran out and another worker has the job, or a person cancelled it: write nothing more."""


def submit(job_id: UUID | str) -> None:
    """Carry a launched job to the point where its provider knows it. Safe to call at any time, any number of times."""
    key = secrets.token_hex(16)
    if not Job.objects.to_submit().claim(job_id, key):
        return
    # The credential is read, and may fail to open, only where a refusal is written down.
    job = Job.objects.select_related("connection", "snapshot").defer("connection__credential").get(pk=job_id)
    try:
        if job.state == lifecycle.CANCELLING and job.create_tried_at is None:
            end(job, key, lifecycle.CANCELLED)
            return
        if job.state == lifecycle.QUEUED:
            with transaction.atomic():
                moved = Job.objects.move(job, lifecycle.UPLOADING)
            if not moved:
                raise _Lost
        with held(job, key):
            _steps(job, key, client_of(job.connection))
    except _Lost:
        _let_go(job, key)
    except ProviderError as refusal:
        _refused(job, key, refusal)
    except StudioError as refusal:
        _broken_off(job, key, refusal)
    except (OperationalError, InterfaceError):
        raise  # the database is away or busy: nothing can be written, the next sweep takes the job up
    except Exception:
        _broken_off(job, key, Unavailable(BROKEN))
        raise


def _broken_off(job: Job, key: str, refusal: StudioError) -> None:
    """End the job, unless the provider may have it: then it is asked about until somebody knows."""
    if job.create_tried_at is None:
        end(job, key, lifecycle.FAILED, error=refusal)
    else:
        _postpone(job, key, refusal)


def _steps(job: Job, key: str, provider: Provider) -> None:
    if job.create_tried_at is None:
        _upload(job, key, provider, "train", "training_file")
        if job.frozen.counts.get("validation") and provider.capabilities.validation_file:
            _upload(job, key, provider, "validation", "validation_file")
        created = _create(job, key, provider)
    else:
        created = _look(job, provider) or _create_again(job, key, provider)
    _adopt(job, created, provider)
    Job.objects.release(job.pk, key)


def _look(job: Job, provider: Provider) -> Created | None:
    """The job as the provider lists it. Not being let in says nothing about whether it runs: look again later."""
    try:
        return provider.find(job.marker, training_file=job.training_file)
    except ProviderError as refusal:
        raise ProviderError(refusal.sentence, "unknown-outcome", refusal.retry_after) from refusal


def _adopt(job: Job, created: Created, provider: Provider) -> None:
    """Write down which job it is at the provider; the first one counts, whoever holds the lease by now.

    A worker that stalled for longer than its lease, between its intent and its create, wakes up and creates a second
    job (or one that a person has given up meanwhile). Nobody would follow that one, so it is cancelled at once.
    """
    first = Job.objects.live().filter(pk=job.pk, provider_job="").update(
        provider_job=created.job_id,
        raw_state=created.raw_state[:60],
        next_poll_at=timezone.now(),
        poll_failures=0,
        poll_error="",
    )  # fmt: skip
    if first or Job.objects.filter(pk=job.pk, provider_job=created.job_id).exists():
        return
    said = "This job was created a second time after a worker had stalled; it has been cancelled at the provider."
    level = "warning"
    try:
        provider.cancel(created.job_id)
    except ProviderError:
        logger.exception("job %s: %s runs at the provider and could not be cancelled", job.pk, created.job_id)
        said = "This job was created a second time after a worker had stalled. Cancel it in the provider's console!"
        level = "error"
    JobEvent.objects.get_or_create(
        job=job,
        provider_id=f"ftstudio-surplus-{created.job_id}"[:100],
        defaults={"at": timezone.now(), "level": level, "message": f"{created.job_id}: {said}"},
    )


def _upload(job: Job, key: str, provider: Provider, split: str, field: str) -> None:
    """Write one side of the snapshot to a file and send it, unless that has been done."""
    if getattr(job, field):
        return
    with tempfile.TemporaryDirectory(prefix="ftstudio-") as folder:
        path = Path(folder) / f"{split}.jsonl"
        codec = job.codec or provider.formats[Recipe.of(job.recipe).method][0]
        with path.open("wb") as file:
            written = write_lines(job.frozen, codec, split, file)
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
        uploaded = provider.upload(path)
    side = field.removesuffix("_file")
    rows = "rows_train" if split == "train" else "rows_validation"
    changes = {field: uploaded, f"{side}_sha256": written.sha256, rows: written.rows}
    if split == "train" and len(written.system_prompts) == 1:
        # What every training row was told is what the tuned model must be told, whoever wrote it into the rows.
        changes["contract"] = {**job.contract, "system_prompt": next(iter(written.system_prompts)) or ""}
    _remember(job, key, **changes)


def _create(job: Job, key: str, provider: Provider) -> Created:
    """Create the job. The intent is written first; a cancel that came before it wins."""
    mine = Job.objects.filter(pk=job.pk, lease_key=key, state=lifecycle.UPLOADING, cancel_wanted=False, provider_job="")
    now = timezone.now()
    if mine.update(create_tried_at=now, create_tries=F("create_tries") + 1) != 1:
        raise _Lost
    try:
        return provider.create(
            Order(
                training_file=job.training_file,
                validation_file=job.validation_file or None,
                base_model=job.base_model,
                recipe=Recipe.of(job.recipe),
                marker=job.marker,
                name=job.name,
                description=job.description,
            )
        )
    except ProviderError as refusal:
        if refusal.transient:  # nothing was done: the intent is withdrawn, or the next worker would wait for the list
            Job.objects.renew(job.pk, key, create_tried_at=job.create_tried_at, create_tries=job.create_tries)
        raise


def _create_again(job: Job, key: str, provider: Provider) -> Created:
    """The provider does not list the job. Wait until it must, then create it a second time; never a third."""
    tried = job.create_tried_at or timezone.now()
    if timezone.now() < tried + LISTING_LAG:
        wait = (tried + LISTING_LAG - timezone.now()).total_seconds()
        raise ProviderError(Text("Waiting to see whether the provider has the job."), "unavailable", wait)
    if job.state == lifecycle.CANCELLING:
        end(job, key, lifecycle.CANCELLED)
        raise _Lost
    if job.create_tries >= MOST_CREATES:
        raise ProviderError(
            Text(
                "The job was sent to the provider twice, but it does not appear in its list of jobs. Look for the "
                "marker {marker} in the provider's console. If it is not there, launch a clone of this job.",
                marker=job.marker,
            ),
            "request",
        )
    return _create(job, key, provider)


def _let_go(job: Job, key: str) -> None:
    """Leave the job to whoever has it now; a job that was cancelled before its create has simply ended."""
    job.refresh_from_db(fields=["state", "create_tried_at"])
    if job.state == lifecycle.CANCELLING and job.create_tried_at is None:
        end(job, key, lifecycle.CANCELLED)
    Job.objects.release(job.pk, key)


def _remember(job: Job, key: str, **changes: object) -> None:
    if not Job.objects.renew(job.pk, key, **changes):
        raise _Lost
    for name, value in changes.items():
        setattr(job, name, value)


def _refused(job: Job, key: str, refusal: ProviderError) -> None:
    """Try again later where that can help; else the job has failed, in the provider's words."""
    if not refusal.transient and refusal.kind not in ("unknown-outcome", "conflict"):
        # A cancelled job whose create is refused has ended as the person wanted.
        cancelled = Job.objects.filter(pk=job.pk, cancel_wanted=True).exists()
        end(job, key, lifecycle.CANCELLED if cancelled else lifecycle.FAILED, error=None if cancelled else refusal)
        return
    _postpone(job, key, refusal)


def _postpone(job: Job, key: str, refusal: StudioError) -> None:
    failures = job.poll_failures + 1
    Job.objects.release(
        job.pk,
        key,
        poll_failures=failures,
        poll_error=to_line(refusal.message, 300),
        next_poll_at=timezone.now() + after_failure(failures, getattr(refusal, "retry_after", None)),
    )

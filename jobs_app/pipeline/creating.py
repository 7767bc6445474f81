"""The one step that costs: creating the job at its provider, once, whatever becomes of the answer.

The intent is written before the call. After an unknown outcome the job is looked for by its marker and by the files of
each attempt; only when the provider must have listed it and does not, it is created a second time. Never a third.
"""

from __future__ import annotations

import logging
from datetime import timedelta
from decimal import Decimal

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from ftstudio.errors import Conflict, Text
from jobs_app.core import lifecycle
from jobs_app.core.recipes import Recipe
from jobs_app.models import Job
from jobs_app.providers.base import Created, Order, Provider, ProviderError

from . import spending
from .clients import jittered
from .ledger import files_of, note, sent, step_id
from .report_rows import finite
from .settle import Lost, Wait, end, remember

logger = logging.getLogger(__name__)

LISTING_LAG = timedelta(seconds=60)  # a fresh job may be missing from the provider's list for that long
MOST_CREATES = 2  # the second only after the provider has said that the first is not there
WAITING = Text("Waiting to see whether the provider has the job.")


def order_of(job: Job) -> Order:
    """What is to be trained, as the provider is asked for it."""
    return Order(
        training_file=job.training_file,
        validation_file=job.validation_file or None,
        base_model=job.base_model,
        recipe=Recipe.of(job.recipe),
        marker=job.marker,
        name=job.name,
        description=job.description,
        rows=job.rows_train,
    )


def look(job: Job, provider: Provider) -> Created | None:
    """The job as the provider lists it; one that was created twice is left with one of both.

    Not being let in says nothing about whether it runs: look again later.
    """
    try:
        found = [
            created
            for file in files_of(job)
            if (created := provider.find(job.marker, training_file=file)) is not None
        ]  # fmt: skip
    except ProviderError as refusal:
        if refusal.kind in ("auth", "rate", "quota"):
            raise
        raise ProviderError(refusal.sentence, "unknown-outcome", refusal.retry_after) from refusal
    for created in found:
        adopt(job, created, provider)
    return found[0] if found else None


def create(job: Job, key: str, provider: Provider) -> Created:
    """Create the job. The intent is written first; a cancel that came before it wins."""
    if job.create_tries and (found := look(job, provider)):
        return found  # it was listed after all while the files were sent anew
    order = order_of(job)
    _ask_for_a_price(job, key, provider, order)
    mine = Job.objects.filter(pk=job.pk, lease_key=key, state=lifecycle.UPLOADING, cancel_wanted=False, provider_job="")
    tries = job.create_tries + 1
    now = timezone.now()
    # Whoever had tried before may wake up after this and create, too.
    twins = {"twins_at": now + 2 * LISTING_LAG} if job.create_tries else {}
    with transaction.atomic():
        if mine.update(create_tried_at=now, create_tries=F("create_tries") + 1, **twins) != 1:
            raise Lost
        message = Text("Asked the provider to create the job (attempt {n}).", n=tries)
        note(job, f"create-{tries}-{job.training_file}", message, raw={"sent": sent(order)})
    try:
        created = provider.create(order)
    except ProviderError as refusal:
        if refusal.kind == "conflict":  # there is one already: it can only be ours
            if found := look(job, provider):
                return found
            raise ProviderError(refusal.sentence, "unknown-outcome", refusal.retry_after) from refusal
        if refusal.transient or refusal.kind in ("auth", "quota"):
            # Nothing was done: the intent is withdrawn, or the next worker would wait for the list.
            Job.objects.renew(job.pk, key, create_tried_at=job.create_tried_at, create_tries=job.create_tries)
        raise
    answer = {"job_id": created.job_id, "raw_state": created.raw_state}
    note(job, f"created-{tries}", Text("The provider created {id}.", id=created.job_id), raw={"answer": answer})
    return created


def create_again(job: Job, key: str) -> None:
    """The provider does not list the job. Wait until it must; then forget the attempt, so that a fresh one begins."""
    tried = job.create_tried_at or timezone.now()
    if timezone.now() < tried + LISTING_LAG:
        raise Wait(tried + LISTING_LAG + jittered(1.0))
    if job.state == lifecycle.CANCELLING or job.create_tries >= MOST_CREATES:
        remember(job, key, twins_at=timezone.now() + LISTING_LAG)  # it is given up, and may be there after all
    if job.state == lifecycle.CANCELLING:
        end(job, key, lifecycle.CANCELLED)
        raise Lost
    if job.create_tries >= MOST_CREATES:
        raise ProviderError(
            Text(
                "The job was sent to the provider twice, but it does not appear in its list of jobs. Look for the "
                "marker {marker} in the provider's console. If it is not there, launch a clone of this job.",
                marker=job.marker,
            ),
            "request",
        )
    note(
        job,
        f"not-there-{job.create_tries}",
        Text("The provider does not have the job. Its files are sent anew, and it is created once more."),
        level="warning",
    )
    remember(job, key, create_tried_at=None, training_file="", validation_file="")


def adopt(job: Job, created: Created, provider: Provider) -> None:
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
    if not first and is_surplus(job, created):
        drop(job, created, provider)


def is_surplus(job: Job, created: Created) -> bool:
    """Whether a job that carries our marker is not the one that is followed, and nobody has noticed it yet."""
    ours = Job.objects.filter(pk=job.pk, provider_job=created.job_id).exists()
    return not ours and not job.events.filter(provider_id=step_id(f"surplus-{created.job_id}")).exists()


def drop(job: Job, created: Created, provider: Provider) -> None:
    """Cancel a job that nobody follows at its provider, and tell of it."""
    if provider.states.get(created.raw_state) in lifecycle.FINAL:
        text = Text("{id}: This job was created a second time after a worker had stalled; it has ended at the provider "
                    "({state}) and may have cost money.", id=created.job_id, state=created.raw_state)  # fmt: skip
        note(job, f"surplus-{created.job_id}", text, level="warning")
        return
    said = Text("{id}: This job was created a second time after a worker had stalled; it has been cancelled at the "
                "provider.", id=created.job_id)  # fmt: skip
    level = "warning"
    try:
        provider.cancel(created.job_id)
    except ProviderError:
        logger.exception("job %s: %s runs at the provider and could not be cancelled", job.pk, created.job_id)
        said = Text("{id}: This job was created a second time after a worker had stalled. Cancel it in the provider's "
                    "console!", id=created.job_id)  # fmt: skip
        level = "error"
    note(job, f"surplus-{created.job_id}", said, level=level)


def _ask_for_a_price(job: Job, key: str, provider: Provider, order: Order) -> None:
    """The provider's own estimate beside ours, where it has one, and the budget held against it.

    Asked once, held against the budget each time: a worker may be killed between the two.
    """
    if not job.estimate.get("provider") and provider.capabilities.estimates:
        _quote(job, key, provider, order)
    if job.estimate.get("provider") and (why := spending.beyond_budget(job)) is not None:
        raise Conflict(why, code="over_budget")


def _quote(job: Job, key: str, provider: Provider, order: Order) -> None:
    try:
        quote = provider.quote(order)
    except ProviderError as refusal:
        if refusal.kind in ("auth", "rate", "quota"):
            raise
        text = Text("The provider gives no estimate: {says}", says=refusal.sentence)
        note(job, "quote-refused", text, level="warning")
        return
    if quote is None:
        return
    cost = None if quote.cost is None else quote.cost.quantize(Decimal("0.0001"))
    said = {"cost": None if cost is None else str(cost), "currency": quote.currency, "tokens": quote.tokens}
    remember(job, key, estimate={**job.estimate, "provider": said})
    text = Text("The provider expects the job to cost {cost} {currency}.", cost=cost, currency=quote.currency)
    note(job, "quote", text, raw=finite(dict(quote.raw)) if quote.raw else said)

"""What a job will come to, read from the rows: tokens, updates, cost and time, with what past jobs have taught."""

from __future__ import annotations

import math
from typing import Any

from django.conf import settings
from django.db.models import Count, F

from datasets_app.core import base_models
from datasets_app.models import Snapshot, SnapshotEntry
from datasets_app.services.datasets import checker_of
from jobs_app.core.arithmetic import arithmetic
from jobs_app.core.estimates import Estimate, Miss, Pace, estimate
from jobs_app.core.lengths import Lengths
from jobs_app.core.prices import PriceLine
from jobs_app.models import Job
from jobs_app.providers import PROVIDERS

from . import inspections
from .learning import learnt
from .prices import price_of

TRAINED = 0.82  # of a rehearsed job's time (`rehearsal/life.py`); in the rest its file is checked and it waits


def rows_of(job: Job) -> tuple[int, int]:
    """(training, validation) rows that the job will send: a learning curve sends a share of the training rows."""
    sizes = job.snapshot.sizes if job.snapshot else {"train": 0, "validation": 0}
    return math.ceil(sizes["train"] * job.train_percent / 100), sizes["validation"]


def lengths_of(job: Job, side: str = "train") -> tuple[Lengths, bool]:
    """How long the rows of one side are, and whether they are counted by the base model's own vocabulary.

    From the inspection where it counts so, or where it counts as the dataset does and there are many rows; otherwise as
    the dataset has counted. Asked once for each job in memory: the answer is kept with it.
    """
    if job.snapshot is None:
        return Lengths(), False
    known: dict[Any, tuple[Lengths, bool]] = job.__dict__.setdefault("_lengths", {})
    key = (job.snapshot_id, job.base_model, job.connection.kind, side)
    if key not in known:
        known[key] = _lengths_of(job, job.snapshot, side)
    return known[key]


def _lengths_of(job: Job, snapshot: Snapshot, side: str) -> tuple[Lengths, bool]:
    counted_by = checker_of(snapshot.dataset).encoder.name
    inspection = inspections.current(job)
    if inspection is not None and inspection.is_done:
        many = inspections.rows_of(snapshot) > inspections.AT_ONCE
        if inspection.exact or (many and inspection.encoder == counted_by):
            return inspection.lengths_of(side), inspection.exact
    entries = SnapshotEntry.objects.filter(snapshot_id=snapshot.pk, split=side)
    counted = entries.order_by().values_list(F("sample__tokens")).annotate(n=Count("pk"))
    encoder = base_models.encoder_for(job.base_model)
    return Lengths(dict(counted)), encoder.exact and encoder.name == counted_by


def limit_of(job: Job) -> int | None:
    """The tokens of one row that are trained: the recipe's cut-off or the base model's, whichever is less."""
    model = base_models.find(job.base_model)
    known = (model.max_tokens if model else None, job.recipe.get("max_tokens") or None)
    return min((limit for limit in known if isinstance(limit, int)), default=None)


def price_for(job: Job) -> PriceLine | None:
    """What a million trained tokens cost today, for the job's method and base model."""
    if not job.base_model:
        return None
    method = str(job.recipe.get("method") or "supervised")
    return price_of(job.project_id, job.connection.kind, job.base_model, method=method)


def estimate_of(job: Job, known: tuple[Lengths, bool] | None = None) -> dict[str, Any]:
    """What the run will come to. {} without data. Amounts are decimal strings; None where nothing can be told.

    `known`: what `lengths_of(job)` says, for whoever estimates several jobs on the same data.

    tokens           trained in all epochs, each row cut at the limit (`exact`: counted by the model's own vocabulary);
                     mixed_tokens and evaluation_tokens are within them
    updates, warmup_updates, exposures, epochs, batch_size, scale, root_scale: see `core.arithmetic.Arithmetic`
    cost, currency   by `price`: {amount, source, valid_from, confirmed}
    cost_low, _high  the cost, widened by how far past estimates were off (`miss`: low, high, jobs)
    seconds, _low, _high: as past jobs took (`pace_jobs` of them); None without any
    provider         the provider's own quote, where it gave one: {cost, currency, tokens}
    assumed          the settings that the provider will choose itself
    """
    if job.snapshot is None:
        return {}
    train, validation = rows_of(job)
    lengths, exact = known or lengths_of(job)
    limit, recipe, price = limit_of(job), job.recipe, price_for(job)
    provider = PROVIDERS[job.connection.kind]
    evaluated = recipe.get("evaluations") if provider.billing.evaluations else None
    found = estimate(
        train_rows=train,
        validation_rows=validation,
        epochs=recipe.get("epochs"),
        batch_size=recipe.get("batch_size"),
        tokens=round(lengths.total(limit) * job.train_percent / 100),
        price_per_million=price.amount if price else None,
        billing=provider.billing,
        mix_percent=recipe.get("mix_percent"),
        evaluations=evaluated,
        validation_tokens=lengths_of(job, "validation")[0].total(limit) if evaluated else None,
        padded_to=limit if recipe.get("packing") == "off" else None,
    )
    comes_to = arithmetic(train, recipe)
    return {
        "tokens": found.trained_tokens,
        "mixed_tokens": found.mixed_tokens,
        "evaluation_tokens": found.evaluation_tokens,
        "exact": exact,
        "updates": found.updates,
        "warmup_updates": comes_to.warmup_updates,
        "exposures": found.exposures,
        "epochs": found.epochs,
        "batch_size": found.batch_size,
        "scale": comes_to.scale,
        "root_scale": comes_to.root_scale,
        "cost": None if found.cost is None else str(found.cost),
        "currency": price.currency if price else "",
        "price": _price_data(price),
        **_from_the_past(job, found, *learnt(job)),
        "provider": (job.estimate or {}).get("provider"),
        "assumed": list(found.assumed),
    }


def _from_the_past(job: Job, found: Estimate, pace: Pace | None, miss: Miss | None) -> dict[str, Any]:
    """Range of cost and time. A rehearsal that was never run takes as long as this installation says."""
    told: dict[str, Any] = dict.fromkeys(("cost_low", "cost_high", "miss", "seconds", "seconds_low", "seconds_high"))
    told["pace_jobs"] = 0
    if miss is not None:
        told["miss"] = {"low": round(miss.low, 4), "high": round(miss.high, 4), "jobs": miss.jobs}
        if found.cost is not None:
            told["cost_low"], told["cost_high"] = (str(bound) for bound in miss.range_of(found.cost))
    if job.connection.is_rehearsal:
        told["seconds"] = round(TRAINED * settings.REHEARSAL_SECONDS)
    elif pace is not None and found.trained_tokens:
        told["seconds"], told["seconds_low"], told["seconds_high"] = pace.seconds(found.trained_tokens)
        told["pace_jobs"] = pace.jobs
    return told


def _price_data(price: PriceLine | None) -> dict[str, Any] | None:
    if price is None:
        return None
    return {
        "amount": price.shown,
        "source": price.source,
        "valid_from": price.valid_from.isoformat(),
        "confirmed": price.confirmed,
    }

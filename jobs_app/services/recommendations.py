"""What is advised for a draft: each setting with its reason, what the present ones come to, and what to think about."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ftstudio.errors import Text
from jobs_app.core.arithmetic import Arithmetic, arithmetic, batch_table
from jobs_app.core.guards import PREFIX, Guard, Size, guards, passes, size_of, task_of, unchecked
from jobs_app.core.lengths import Lengths
from jobs_app.core.recommender import Advised, Data, recommend, validation_advice, values_of
from jobs_app.core.trained_share import trained_share
from jobs_app.models import Job
from jobs_app.pipeline.sending import codec_of
from jobs_app.providers import PROVIDERS

from .estimating import lengths_of, rows_of

SIZES = (1, 2, 4, 8, 16, 32)  # batch sizes that are compared


@dataclass(frozen=True, slots=True)
class Batch:
    """One row of the table: what a batch size comes to. `passes`: of each row, in the steps that were asked about."""

    size: int
    per_epoch: int
    updates: int
    chosen: bool
    passes: float | None


@dataclass(frozen=True, slots=True)
class Recommendation:
    """Everything that the form shows beside its fields. `values` fill a recipe, `comes_to` is of the present one.

    `share` says which share of the weights an adapter trains; None without one.
    """

    data: Data
    advised: list[Advised]
    values: Mapping[str, Any]
    comes_to: Arithmetic
    batches: list[Batch]
    guards: list[Guard]
    size: Size
    validation: Text
    share: Text | None
    steps: int | None


def recommendation_of(job: Job, *, steps: int | None = None) -> Recommendation:
    """The advice for a draft as it stands. `steps`: in so many, how often is each row shown, for each batch size."""
    train, validation = rows_of(job)
    provider = PROVIDERS[job.connection.kind]
    recipe = job.recipe
    method = str(recipe.get("method") or "supervised")
    lengths, _exact = lengths_of(job)
    data = Data(train, validation, lengths.longest, lengths.quantile(0.95))
    tuning = str(recipe.get("tuning") or "lora")
    parameters = tuple(provider.parameters)
    advised = recommend(
        job.connection.kind, parameters, data, method=method, tuning=tuning, passes_extras=provider.passes_extras
    )
    comes_to = arithmetic(train, recipe, lengths.total(None))
    sizes = sorted({*_allowed(provider, SIZES), comes_to.batch_size})
    return Recommendation(
        data=data,
        advised=advised,
        values=values_of(advised),
        comes_to=comes_to,
        batches=[
            Batch(size, each, all_, size == comes_to.batch_size, passes(train, steps, size) if steps else None)
            for size, each, all_ in batch_table(train, sizes, comes_to.epochs)
        ],
        guards=guards_of(job, lengths=lengths, comes_to=comes_to),
        size=size_of(train, task_of(job.snapshot.contract if job.snapshot else {}, method)),
        validation=validation_advice(data),
        share=trained_share(job.base_model, tuning=recipe.get("tuning"), rank=recipe.get("lora_rank")),
        steps=steps,
    )


def guards_of(job: Job, *, lengths: Lengths | None = None, comes_to: Arithmetic | None = None) -> list[Guard]:
    """What is to be said about the draft's recipe. Nothing without data."""
    if job.snapshot is None:
        return []
    train, validation = rows_of(job)
    parameters = tuple(PROVIDERS[job.connection.kind].parameters)
    before = job.parent.recipe if job.parent is not None else {p.name: p.default for p in parameters}
    found = guards(
        recipe=job.recipe,
        comes_to=comes_to or arithmetic(train, job.recipe),
        parameters=parameters,
        lengths=lengths_of(job)[0] if lengths is None else lengths,
        validation_rows=validation,
        before=before,
    )
    no_schema = unchecked(codec_of(job, PROVIDERS[job.connection.kind]), job.snapshot.contract or {})
    return [no_schema, *found] if no_schema else found


def confirmed(job: Job) -> frozenset[str]:
    """The keys of the guards that a person has confirmed."""
    return frozenset(str(w.get("rule")) for w in job.waivers if str(w.get("rule", "")).startswith(PREFIX))


def _allowed(provider: Any, sizes: tuple[int, ...]) -> list[int]:
    """The batch sizes that the provider takes; all of them where it has no such setting."""
    parameter = next((p for p in provider.parameters if p.name == "batch_size"), None)
    if parameter is None:
        return list(sizes)
    low, high = parameter.minimum or 1, parameter.maximum or max(sizes)
    return [size for size in sizes if low <= size <= high]

"""What a run comes to: the updates of so many rows in so many epochs and batches, and how LoRA scales."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from jobs_app.core.estimates import default_batch_size, default_epochs


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """What settings come to. Counts are of updates (optimiser steps) and of rows shown.

    `warmup_updates` None: no warm-up is set. `tokens` are those trained in all epochs. `scale` = alpha / rank, as PEFT
    and SiliconFlow count, `root_scale` = alpha / √rank, as rsLoRA and Ark count; None without the two.
    """

    rows: int
    epochs: int
    batch_size: int
    updates_per_epoch: int
    updates: int
    exposures: int
    warmup_updates: int | None
    tokens: int | None
    scale: float | None
    root_scale: float | None


def scales(rank: Any, alpha: Any) -> tuple[float, float] | None:
    """How strongly an adapter counts, both ways that are in use: (alpha / rank, alpha / √rank)."""
    if not isinstance(rank, int | float) or not isinstance(alpha, int | float) or rank <= 0:
        return None
    return alpha / rank, alpha / math.sqrt(rank)


def arithmetic(rows: int, recipe: Mapping[str, Any], tokens: int | None = None) -> Arithmetic:
    """What a recipe comes to for so many training rows. `tokens` are those of one epoch.

    Where the provider chooses epochs or batch size, the published rules stand in (`core.estimates`).
    """
    epochs, batch = _number(recipe.get("epochs")), _number(recipe.get("batch_size"))
    passes = default_epochs(rows) if epochs is None else int(epochs)
    size = default_batch_size(rows) if batch is None else max(1, int(batch))
    each = math.ceil(rows / size)
    warm = _number(recipe.get("warmup_ratio"))
    found = scales(recipe.get("lora_rank"), recipe.get("lora_alpha"))
    return Arithmetic(
        rows=rows,
        epochs=passes,
        batch_size=size,
        updates_per_epoch=each,
        updates=each * passes,
        exposures=rows * passes,
        warmup_updates=None if warm is None else math.ceil(round(warm * each * passes, 6)),
        tokens=None if tokens is None else tokens * passes,
        scale=found[0] if found else None,
        root_scale=found[1] if found else None,
    )


def batch_table(rows: int, sizes: Iterable[int], epochs: int) -> list[tuple[int, int, int]]:
    """(batch size, updates per epoch, updates in all) for each size: why a small set wants a small batch."""
    return [(size, math.ceil(rows / size), math.ceil(rows / size) * epochs) for size in sizes]


def _number(value: object) -> float | None:
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None

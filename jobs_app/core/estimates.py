"""What a run will come to, before it is started: updates, passes, tokens, price. Every assumption is named."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

# The published data check of OpenAI's cookbook ("Data preparation and analysis for chat model fine-tuning").
TARGET_EPOCHS = 3
MIN_TARGET_EXAMPLES = 100
MAX_TARGET_EXAMPLES = 25_000
MIN_EPOCHS = 1
MAX_EPOCHS = 25


@dataclass(frozen=True, slots=True)
class Estimate:
    """What training will come to.

    `updates` are optimiser steps (ceil(rows / batch) × epochs), `exposures` rows shown (rows × epochs). `tokens`
    are the billing tokens of one epoch, `trained_tokens` those of all; `cost` is in the price's currency. None
    where it cannot be told. `assumed` names the settings that the provider will choose itself.
    """

    train_rows: int
    validation_rows: int
    epochs: int
    batch_size: int
    updates: int
    exposures: int
    tokens: int | None
    trained_tokens: int | None
    cost: Decimal | None
    assumed: tuple[str, ...] = ()


def default_epochs(rows: int) -> int:
    """The epochs that OpenAI's published rule chooses: 3, more for few rows, fewer for very many."""
    if rows < 1:
        return TARGET_EPOCHS
    if rows * TARGET_EPOCHS < MIN_TARGET_EXAMPLES:
        return min(MAX_EPOCHS, MIN_TARGET_EXAMPLES // rows)
    if rows * TARGET_EPOCHS > MAX_TARGET_EXAMPLES:
        return max(MIN_EPOCHS, MAX_TARGET_EXAMPLES // rows)
    return TARGET_EPOCHS


def default_batch_size(rows: int) -> int:
    """A guess at what "auto" comes to: about 0.2 % of the rows, 1 to 256. Providers do not promise it."""
    return max(1, min(256, round(rows * 0.002)))


def billing_tokens(lengths: Iterable[int], limit: int | None = None) -> int:
    """The tokens of one epoch: the sum of the lengths, each cut at the provider's limit per example."""
    return sum(length if limit is None else min(limit, length) for length in lengths)


def estimate(
    *,
    train_rows: int,
    validation_rows: int = 0,
    epochs: int | str | None = None,
    batch_size: int | str | None = None,
    tokens: int | None = None,
    price_per_million: Decimal | None = None,
) -> Estimate:
    """What the run will come to. `epochs` and `batch_size` may be "auto" or None: then the published rule is used
    and the setting is named in `assumed`. `tokens` are the billing tokens of one epoch (`billing_tokens`)."""
    assumed = tuple(
        name for name, value in (("epochs", epochs), ("batch_size", batch_size)) if not isinstance(value, int)
    )
    passes = epochs if isinstance(epochs, int) else default_epochs(train_rows)
    batch = batch_size if isinstance(batch_size, int) else default_batch_size(train_rows)
    trained = None if tokens is None else tokens * passes
    cost = None
    if trained is not None and price_per_million is not None:
        cost = (price_per_million * trained / 1_000_000).quantize(Decimal("0.01"), ROUND_HALF_UP)
    return Estimate(
        train_rows=train_rows,
        validation_rows=validation_rows,
        epochs=passes,
        batch_size=batch,
        updates=math.ceil(train_rows / batch) * passes,
        exposures=train_rows * passes,
        tokens=tokens,
        trained_tokens=trained,
        cost=cost,
        assumed=assumed,
    )

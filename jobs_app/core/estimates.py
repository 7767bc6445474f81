"""What a run will come to, before it is started: updates, passes, tokens, price. Every assumption is named."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from statistics import median
from typing import Any

from ftstudio.errors import Text
from jobs_app.core.mixing import preset_rows

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
    mixed_tokens: int = 0  # of the provider's preset rows, within `trained_tokens`
    evaluation_tokens: int = 0  # of validation rows that are billed, within `trained_tokens`


@dataclass(frozen=True, slots=True)
class Billing:
    """What a provider counts beside tokens × epochs. `evaluations`: the validation rows, as often as they are used.
    `padding`: rows that are not packed count as long as the cut-off. `least_tokens`: fewer are billed as so many."""

    source: str = ""
    evaluations: bool = False
    padding: bool = False
    least_tokens: int = 0


PLAIN = Billing()


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


def preset_tokens(tokens: int, percent: Any) -> int:
    """Tokens of the provider's preset rows that make up `percent` of the mix, at the length of our own rows."""
    mixed = isinstance(percent, int) and not isinstance(percent, bool) and 0 < percent < 100
    return preset_rows(tokens, percent) if mixed else 0


def estimate(
    *,
    train_rows: int,
    validation_rows: int = 0,
    epochs: int | str | None = None,
    batch_size: int | str | None = None,
    tokens: int | None = None,
    price_per_million: Decimal | None = None,
    billing: Billing = PLAIN,
    mix_percent: int | None = None,
    evaluations: int | None = None,
    validation_tokens: int | None = None,
    padded_to: int | None = None,
) -> Estimate:
    """What the run will come to. `epochs` and `batch_size` may be "auto" or None: then the published rule is used
    and the setting is named in `assumed`. `tokens` are the billing tokens of one epoch (`billing_tokens`).

    `mix_percent` of preset rows are trained along and paid for. Where the provider bills evaluations, `evaluations`
    times the `validation_tokens` come on top. `padded_to`: rows are not packed, each is billed as so many tokens.
    """
    assumed = tuple(
        name for name, value in (("epochs", epochs), ("batch_size", batch_size)) if not isinstance(value, int)
    )
    passes = epochs if isinstance(epochs, int) else default_epochs(train_rows)
    batch = batch_size if isinstance(batch_size, int) else default_batch_size(train_rows)
    if tokens is not None and padded_to and billing.padding:
        tokens = train_rows * padded_to
    mixed = 0 if tokens is None else preset_tokens(tokens, mix_percent) * passes
    checked = evaluations * validation_tokens if billing.evaluations and evaluations and validation_tokens else 0
    trained = None if tokens is None else tokens * passes + mixed + checked
    if trained is not None:
        trained = max(trained, billing.least_tokens)
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
        mixed_tokens=mixed,
        evaluation_tokens=checked,
    )


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast a provider trained: seconds for a million tokens, over `jobs` that have ended."""

    median: float
    low: float
    high: float
    jobs: int

    def seconds(self, tokens: int) -> tuple[int, int, int]:
        """(expected, shortest, longest) for so many tokens."""
        return tuple(round(per * tokens / 1_000_000) for per in (self.median, self.low, self.high))  # type: ignore[return-value]


def pace_of(runs: Iterable[tuple[float, int]]) -> Pace | None:
    """What finished runs, each (seconds, trained tokens), took; None without one that says both."""
    paces = [1_000_000 * seconds / tokens for seconds, tokens in runs if seconds > 0 and tokens > 0]
    return Pace(median(paces), min(paces), max(paces), len(paces)) if paces else None


@dataclass(frozen=True, slots=True)
class Miss:
    """By how much past estimates were wrong: actual / estimated, the lowest, the highest, over `jobs`."""

    low: float
    high: float
    jobs: int

    def range_of(self, cost: Decimal) -> tuple[Decimal, Decimal]:
        """An estimate, widened by what was wrong before."""
        cent = Decimal("0.01")
        return tuple((cost * Decimal(str(r))).quantize(cent, ROUND_HALF_UP) for r in (self.low, self.high))  # type: ignore[return-value]

    @property
    def text(self) -> Text:
        """“Your last 4 jobs here cost 3–9 % more than estimated.”"""
        low, high = round(100 * (self.low - 1)), round(100 * (self.high - 1))
        if low == high == 0:
            return Text("The last {n} jobs here cost what was estimated.", n=self.jobs)
        if low >= 0:
            return Text(
                "The last {n} jobs here cost {low}–{high} % more than estimated.", n=self.jobs, low=low, high=high
            )
        if high <= 0:
            return Text(
                "The last {n} jobs here cost {low}–{high} % less than estimated.", n=self.jobs, low=-high, high=-low
            )
        return Text(
            "The last {n} jobs here cost from {low} % less to {high} % more than estimated.",
            n=self.jobs,
            low=-low,
            high=high,
        )


def miss_of(jobs: Iterable[tuple[Decimal, Decimal]]) -> Miss | None:
    """How far estimates were off, each job (estimated, actual); None without one that says both."""
    ratios = [float(actual / estimated) for estimated, actual in jobs if estimated > 0]
    return Miss(min(ratios), max(ratios), len(ratios)) if ratios else None

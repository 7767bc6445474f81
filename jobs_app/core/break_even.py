"""When a tuned model has earned its training back: it is told less in each call, and may cost more for each token.

    calls = (training + evaluation) / ((T_base · p_in,base − T_tuned · p_in,tuned) + T_out · (p_out,base − p_out,tuned))

Prices are for one million tokens. A denominator of zero or below means that it never does. (facts of the product's own
study of prompt compression: 553 tokens of prompt for the base model, 8 for the tuned one, 545 saved in each call.)
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from decimal import Decimal

MILLION = Decimal(1_000_000)


@dataclass(frozen=True, slots=True)
class Prices:
    """Of one model, for one million tokens of input and of output."""

    input: Decimal
    output: Decimal


@dataclass(frozen=True, slots=True)
class BreakEven:
    """`saved_tokens` of prompt in each call (negative: more are sent), their `share` of the base prompt, `saved` money
    in each call, and the number of calls from which on the training is paid back; None: never."""

    saved_tokens: int
    share: float
    saved: Decimal
    calls: int | None


def break_even(
    *,
    prompt_base: int,
    prompt_tuned: int,
    answer: int,
    base: Prices,
    tuned: Prices,
    spent: Decimal,
    hosting_per_call: Decimal = Decimal(0),
) -> BreakEven:
    """`prompt_…` and `answer` in tokens of one call, `spent` what training and evaluation cost, all in one currency."""
    for_base = (prompt_base * base.input + answer * base.output) / MILLION
    for_tuned = (prompt_tuned * tuned.input + answer * tuned.output) / MILLION + hosting_per_call
    saved = for_base - for_tuned
    calls = None if saved <= 0 else math.ceil(spent / saved)
    less = prompt_base - prompt_tuned
    return BreakEven(less, less / prompt_base if prompt_base else 0.0, saved, calls)

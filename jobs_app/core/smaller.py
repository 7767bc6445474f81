"""Whether a smaller model would do: for a classification, what the cheaper base models of a provider save."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Priced:
    """A base model and what training costs by the million tokens."""

    model: str
    amount: Decimal
    currency: str


@dataclass(frozen=True, slots=True)
class Cheaper:
    """`delta` is the difference for a million trained tokens, below 0; `percent` the same as a share."""

    model: str
    amount: Decimal
    currency: str
    delta: Decimal
    percent: int


def cheaper(models: Iterable[Priced], *, than: str) -> list[Cheaper]:
    """The models that cost less than `than` in its currency, the dearest first; of an unknown one, than the dearest.

    Price stands for size: providers name sizes in words that cannot be compared.
    """
    known = list(models)
    reference = next((one for one in known if one.model == than), None) or max(
        known, key=lambda one: one.amount, default=None
    )
    if reference is None or not reference.amount:
        return []
    found = [
        Cheaper(
            one.model, one.amount, one.currency, one.amount - reference.amount,
            round(100 * (one.amount - reference.amount) / reference.amount),
        )
        for one in known
        if one.currency == reference.currency and one.amount < reference.amount
    ]  # fmt: skip
    return sorted(found, key=lambda one: (-one.amount, one.model))

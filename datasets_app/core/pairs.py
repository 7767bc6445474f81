"""Two answers side by side: in which order a person sees them, and what becomes of the one that is chosen."""

from __future__ import annotations

from hashlib import blake2b
from typing import Literal

from datasets_app.core.codecs._pairs import is_pair, joined, parted
from datasets_app.core.codecs.base import ANSWER
from datasets_app.core.samples import Message, Sample

__all__ = ["CHOSEN", "REJECTED", "Side", "is_pair", "order", "order_seed", "sides", "swapped"]

Side = Literal["chosen", "rejected"]
CHOSEN: Side = "chosen"
REJECTED: Side = "rejected"


def order_seed(*, dataset: object, person: object, sample: object) -> str:
    """The seed of one person's order of one sample's answers: 16 hex digits, the same for ever."""
    return blake2b(f"{dataset}:{person}:{sample}".encode(), digest_size=8).hexdigest()


def order(seed: str) -> tuple[Side, Side]:
    """(what stands on the left, what on the right): each comes first for one half of all seeds.

    It follows from the seed alone, so that the order in which a stored decision was made can be told afterwards.
    """
    return (CHOSEN, REJECTED) if int(seed[-1:] or "0", 16) % 2 == 0 else (REJECTED, CHOSEN)


def sides(sample: Sample) -> dict[Side, tuple[Message, ...]]:
    """The turns of both answers: nearly always one each, more where tools are called in between."""
    return {CHOSEN: parted(sample)[1], REJECTED: sample.rejected}


def swapped(sample: Sample) -> Sample:
    """The sample in which the rejected answer is the answer, and the answer the rejected one. Twice is the same again.

    A sample that is no pair stays as it is.
    """
    if not is_pair(sample):
        return sample
    prompt, answer = parted(sample)
    extras = {key: value for key, value in sample.extras.items() if key != ANSWER}
    return joined(prompt, sample.rejected, answer, sample.tools, extras)

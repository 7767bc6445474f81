"""How alike two texts are: the share of their character trigrams that both have."""

from __future__ import annotations

from datasets_app.core.samples import Sample
from datasets_app.core.sets.grams import GRAM, comparable

Grams = frozenset[str]


def grams_of(text: str) -> Grams:
    """The distinct trigrams of a text; a shorter one is one gram by itself, an empty one has none."""
    if len(text) <= GRAM:
        return frozenset((text,)) if text else frozenset()
    return frozenset(text[at : at + GRAM] for at in range(len(text) - GRAM + 1))


def grams_of_sample(sample: Sample) -> Grams:
    """Those of every turn but the system's; width, case, punctuation and white space do not count."""
    return grams_of(comparable(sample))


def jaccard(one: Grams, other: Grams) -> float:
    """Common grams by all grams, from 0 to 1 (P. Jaccard, 1901); 0 where either has none."""
    common = len(one & other)
    return common / (len(one) + len(other) - common) if common else 0.0

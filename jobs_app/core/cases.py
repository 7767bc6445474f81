"""Which held-out questions an evaluation asks: how many, drawn by a seed, and what a person may say about it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from jobs_app.core.recipes import read_numbers

MOST_CASES = 1000
MOST_ARMS = 6
MOST_SHOTS = 8
SHOTS = (0, 1, 3, 5, 8)  # what the pages offer
CASES = 100  # the fewest that a page calls usable (facts: Wilson is ±5 points at 90 %)
FORMS = ("text", "json-content", "task-response")  # in which a model may be asked to answer
HELD_OUT = ("test", "validation")  # the untouched one first
SIDES = (*HELD_OUT, "train")


def drawn(ids: Iterable[int], n: int, seed: int, salt: str) -> list[int]:
    """The first `n` ids in an order by chance that the seed fixes, whatever else is there."""

    def place(pk: int) -> bytes:
        return hashlib.sha256(f"{seed}:{salt}:{pk}".encode()).digest()

    return sorted(ids, key=place)[:n]


def read_size(*, n: object, seed: object) -> tuple[int, int]:
    """Cases and seed. Raises InvalidInput with a field for each that cannot be used."""
    read = read_numbers(n=(n, 1, MOST_CASES), seed=(seed, 0, 2**31 - 1))
    return int(read["n"]), int(read["seed"])


def read_way(*, shots: object, temperature: object) -> tuple[int, float]:
    """How one model is called: examples in the prompt, and the temperature (0 is greedy). Raises InvalidInput."""
    read = read_numbers(shots=(shots, 0, MOST_SHOTS), temperature=(temperature, 0, 2.0))
    degrees = read["temperature"]
    return int(read["shots"]), int(degrees) if degrees % 1 == 0 else degrees

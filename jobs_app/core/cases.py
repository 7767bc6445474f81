"""Which held-out questions an evaluation asks: how many, drawn by a seed, and what a person may say about it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from jobs_app.core.recipes import read_numbers

MOST_CASES = 200
MOST_SHOTS = 8
SHOTS = (0, 1, 3)  # what the page offers: none, one, a few
CASES = 50


def drawn(ids: Iterable[int], n: int, seed: int, salt: str) -> list[int]:
    """The first `n` ids in an order by chance that the seed fixes, whatever else is there."""

    def place(pk: int) -> bytes:
        return hashlib.sha256(f"{seed}:{salt}:{pk}".encode()).digest()

    return sorted(ids, key=place)[:n]


def read_plan(*, shots: object, n: object, seed: object, temperature: object) -> tuple[int, int, int, float]:
    """The four numbers of an evaluation of one model. Raises InvalidInput with a field for each that cannot be used."""
    read = read_numbers(
        shots=(shots, 0, MOST_SHOTS), n=(n, 1, MOST_CASES), seed=(seed, 0, 2**31 - 1), temperature=(temperature, 0, 2.0)
    )
    return int(read["shots"]), int(read["n"]), int(read["seed"]), read["temperature"]

"""Which side of a split a sample falls on: chance with a seed, so it keeps its side when the set grows."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Literal

from datasets_app.core.duplicates import fingerprint
from datasets_app.core.samples import Sample
from ftstudio.errors import InvalidInput, Text

Side = Literal["train", "validation", "test"]
SIDES: tuple[Side, ...] = ("train", "validation", "test")
DUPLICATES = "duplicates"


@dataclass(frozen=True, slots=True)
class Shares:
    """Percent of the groups on each side, whole numbers from 0 that add up to 100; else `InvalidInput(shares=…)`."""

    train: int = 90
    validation: int = 10
    test: int = 0

    def __post_init__(self) -> None:
        parts = (self.train, self.validation, self.test)
        if any(isinstance(part, bool) or not isinstance(part, int) or part < 0 for part in parts):
            raise InvalidInput(shares=Text("train, validation and test must be whole percentages from 0 to 100"))
        if sum(parts) != 100:
            raise InvalidInput(
                shares=Text("train, validation and test must add up to 100, not {total}", total=sum(parts))
            )


def side(*, seed: int, key: str, shares: Shares) -> Side:
    """The side of the group `key`. Depends on nothing else, so equal keys are never on two sides."""
    digest = sha256(f"{seed}:{key}".encode("utf-8", "surrogatepass")).digest()
    point = int.from_bytes(digest[:8], "big") * 100  # out of 100 · 2⁶⁴: whole percentages are met exactly
    if point < shares.train << 64:
        return "train"
    if point < (shares.train + shares.validation) << 64:
        return "validation"
    return "test"


def group_key(sample: Sample, group_by: str, fallback: str) -> str:
    """What is kept together: the value at the dotted path `group_by` in the sample's other keys.

    `duplicates` keeps samples with the same text together. Without `group_by`, or where a sample has no such
    value, the `fallback` (the sample's own identity) is its group.
    """
    if not group_by:
        return fallback
    if group_by == DUPLICATES:
        return fingerprint(sample)
    value: object = sample.extras
    for key in group_by.split("."):
        if not isinstance(value, Mapping) or key not in value:
            return fallback
        value = value[key]
    if value is None or value == "":
        return fallback
    return value if isinstance(value, str) else json.dumps(value, sort_keys=True, ensure_ascii=False)

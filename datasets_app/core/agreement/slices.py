"""The same coefficient for parts of the whole: each pair of people, each label against all others, each week."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations
from typing import Any

from .alpha import nominal_alpha
from .base import RESAMPLES, Coefficient, Unit
from .kappa import cohen


def by_pair(
    units: Sequence[Unit[Any]], *, resamples: int = RESAMPLES, seed: int = 0
) -> dict[tuple[Any, Any], Coefficient]:
    """Cohen's kappa of every two people who rated a sample in common, people in the order of their first rating."""
    people = list(dict.fromkeys(person for unit in units for person in unit))
    found = {}
    for one, other in combinations(people, 2):
        both = [unit for unit in units if one in unit and other in unit]
        if both:
            found[one, other] = cohen(both, one, other, resamples=resamples, seed=seed)
    return found


def by_label(units: Sequence[Unit[Any]], *, resamples: int = RESAMPLES, seed: int = 0) -> dict[Any, Coefficient]:
    """Alpha of each label against all others: which label people do not see alike. The most frequent label first."""
    counted: dict[Any, int] = defaultdict(int)
    for unit in units:
        for label in unit.values():
            counted[label] += 1
    labels = sorted(counted, key=lambda label: (-counted[label], str(label)))
    return {
        label: nominal_alpha(
            [{who: said == label for who, said in unit.items()} for unit in units], resamples=resamples, seed=seed
        )
        for label in labels
    }


def by_period(
    units: Iterable[tuple[Any, Unit[Any]]], *, resamples: int = RESAMPLES, seed: int = 0
) -> Mapping[Any, Coefficient]:
    """Alpha of the units of each period (a week, a guideline version), periods (that compare) in ascending order."""
    parts: dict[Any, list[Unit[Any]]] = defaultdict(list)
    for period, unit in units:
        parts[period].append(unit)
    return {period: nominal_alpha(parts[period], resamples=resamples, seed=seed) for period in sorted(parts)}

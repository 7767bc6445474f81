"""One screen of a filtered list where no index of the samples themselves leads to it: text found, rules broken, tags.

On SQLite such a list is walked along the index that knows: matches of the text index, findings of a rule, a tag's rows,
all in the order of the samples' keys, which within a dataset is the order of their positions (see `keys`). A block of
keys at a time is put to the other filters, and the walk ends when the screen is full; so the first page of a million
matches costs as little as the only match there is. PostgreSQL's planner finds such ways by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from django.db import connections

from datasets_app.models import Dataset, FindingRow, Sample, SampleTag

from . import searching
from .selecting import FEW, READ, Filters, kept, narrowed

FIRST, LARGEST = 200, 8000  # keys of a block; each is four times as large as the one before
Block = Callable[[int, int, bool, int], list[int]]  # lowest key, highest, backwards?, how many → keys


def screen(dataset: Dataset, filters: Filters, *, beyond: int | None, back: bool, size: int) -> list[int] | None:
    """The keys of the next `size` samples that pass, beyond a position (None: from the beginning), or before it.

    None where the samples' own indexes lead there: ask `selecting.narrowed`.
    """
    if connections[Sample.objects.db].vendor != "sqlite" or not (chosen := _choose(dataset, filters)):
        return None
    block, others = chosen
    found: list[int] = []
    for keys in _blocks(dataset, block, beyond, back):
        rows = narrowed(dataset, others, within=keys).order_by().values_list("pk", "dataset_id")
        passed = {key for key, owner in rows if owner == dataset.pk}  # the text index knows every dataset
        found += (key for key in keys if key in passed)
        if len(found) >= size:
            break
    return found[:size]


def _choose(dataset: Dataset, filters: Filters) -> tuple[Block, Filters] | None:
    """What to walk along, and the filters that are left to be asked of each sample."""
    filters = filters.ways()
    numbers = kept(dataset, filters)
    fewest = min(numbers.values(), default=None)
    if fewest is not None and fewest <= FEW:
        return None
    if filters.q and (fewest is None or fewest > READ):
        hits = searching.hits(filters.q)
        return (hits, replace(filters, q="")) if hits else None
    if numbers.get("rule") == fewest and filters.rule:
        findings = FindingRow.objects.current().filter(dataset=dataset, rule=filters.rule, waived=False)
        return _along(findings), replace(filters, rule="")
    if numbers.get("tag") == fewest and filters.tag:
        return _along(SampleTag.objects.filter(dataset=dataset, name=filters.tag)), replace(filters, tag="")
    return None


def _along(rows: Any) -> Block:
    def block(low: int, high: int, back: bool, n: int) -> list[int]:
        within = rows.filter(sample__gte=low, sample__lte=high).order_by("-sample_id" if back else "sample_id")
        return list(dict.fromkeys(within.values_list("sample_id", flat=True)[:n]))

    return block


def _blocks(dataset: Dataset, block: Block, beyond: int | None, back: bool) -> Iterator[list[int]]:
    """Blocks of keys, each in the order of the walk."""
    rows = Sample.objects.filter(dataset=dataset).values_list("pk", flat=True)
    low, high = rows.order_by("position").first(), rows.order_by("-position").first()
    if beyond is not None:
        if back:
            high = rows.filter(position__lt=beyond).order_by("-position").first()
        else:
            low = rows.filter(position__gt=beyond).order_by("position").first()
    size = FIRST
    while low is not None and high is not None and low <= high:
        keys = block(low, high, back, size)
        if not keys:
            return
        yield keys
        low, high = (low, keys[-1] - 1) if back else (keys[-1] + 1, high)
        size = min(size * 4, LARGEST)

"""One screen of a filtered list where no index of the samples themselves leads to it: text found, rules broken, tags.

On SQLite such a list is walked along the index that knows: matches of the text index, findings of a rule, a tag's rows,
all in the order of the samples' keys, which within a dataset is the order of their positions (see `keys`). A block of
keys at a time is put to the other filters, and the walk ends when the screen is full; so the first page of a million
matches costs as little as the only match there is. Where many matches in a row pass no other filter, the other filters'
own way is taken. PostgreSQL, where several import at a time, promises no order of keys: there places are positions,
text alone is walked for (see `pairs`), and other ways the planner finds by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from datasets_app.models import Dataset, FindingRow, Sample, SampleTag

from . import keys, searching
from .selecting import FEW, READ, Filters, kept, narrowed

FIRST, LARGER, LARGEST = 200, 4, 8000  # keys of a block, how many times as many the next one has, and at most
LAST = 2**31 - 1  # no sample has a higher position
IN_VAIN = 4_000  # matches of a text that are put to other filters before these lead the way
SELDOM = 1_000  # of a rule or a tag
# Lowest place, highest, backwards?, how many → the samples of a block, as keys or as a query, and its last place. None:
# there are no more. A place is the sample's key, or where keys are in no order its position.
Block = Callable[[int, int, bool, int], tuple[Any, int] | None]


def screen(dataset: Dataset, filters: Filters, *, beyond: int | None, back: bool, size: int) -> list[int] | None:
    """The keys of the next `size` samples that pass, beyond a position (None: from the beginning), or before it.

    None where the samples' own indexes lead there: ask `selecting.narrowed`.
    """
    if not (chosen := _choose(dataset, filters)):
        return None
    block, others = chosen
    found: list[int] = []
    seen, gives_up, of_text = 0, bool(others.chosen()), bool(filters.ways().q) and not others.q
    for within, most in _blocks(block, *_ends(dataset, beyond, back), back):
        rows = narrowed(dataset, others, within=within).order_by().values_list("position", "pk", "dataset_id")
        # SQLite's text index knows every dataset.
        found += [key for _, key in sorted(((at, key) for at, key, owner in rows if owner == dataset.pk), reverse=back)]
        if len(found) >= size:
            break
        seen += len(within) if of_text else most
        if gives_up and seen >= (IN_VAIN if of_text else SELDOM) and (of_text or len(found) * LARGER < size):
            return None
    return found[:size]


def _choose(dataset: Dataset, filters: Filters) -> tuple[Block, Filters] | None:
    """What to walk along, and the filters that are left to be asked of each sample."""
    filters = filters.ways()
    numbers = kept(dataset, filters)
    fewest = min(numbers.values(), default=None)
    if fewest is not None and fewest <= FEW:
        return None
    if filters.q and (fewest is None or fewest > READ):
        hits = searching.hits(dataset, filters.q)
        return (_listed(hits), replace(filters, q="")) if hits else None
    if not keys.in_order():
        return None
    if numbers.get("rule") == fewest and filters.rule:
        findings = FindingRow.objects.current().filter(dataset=dataset, rule=filters.rule, waived=False)
        return _along(findings), replace(filters, rule="")
    if numbers.get("tag") == fewest and filters.tag:
        return _along(SampleTag.objects.filter(dataset=dataset, name=filters.tag)), replace(filters, tag="")
    return None


def _listed(hits: Callable[[int, int, bool, int], list[tuple[int, int]]]) -> Block:
    def block(low: int, high: int, back: bool, n: int) -> tuple[Any, int] | None:
        found = hits(low, high, back, n)
        return ([key for _, key in found], found[-1][0]) if found else None

    return block


def _along(rows: Any) -> Block:
    """Blocks as queries of their own: the keys need not be known to be put to the other filters."""

    def block(low: int, high: int, back: bool, n: int) -> tuple[Any, int] | None:
        within = rows.filter(sample__gte=low, sample__lte=high).order_by()
        edge = within.order_by("-sample_id" if back else "sample_id").values_list("sample_id", flat=True)[n : n + 1]
        last = edge.first()
        if last is None:
            return within.values("sample_id"), low if back else high
        # Said once at each end: of two bounds at one end SQLite may enter the index by the one and read up to it.
        low, high = (last, high) if back else (low, last)
        return rows.filter(sample__gte=low, sample__lte=high).order_by().values("sample_id"), last

    return block


def _ends(dataset: Dataset, beyond: int | None, back: bool) -> tuple[int | None, int | None]:
    """The lowest and the highest place to look at."""
    if not keys.in_order():
        return (1, LAST if beyond is None else beyond - 1) if back else (1 if beyond is None else beyond + 1, LAST)
    rows = Sample.objects.filter(dataset=dataset).values_list("pk", flat=True)
    low, high = rows.order_by("position").first(), rows.order_by("-position").first()
    if beyond is not None:
        if back:
            high = rows.filter(position__lt=beyond).order_by("-position").first()
        else:
            low = rows.filter(position__gt=beyond).order_by("position").first()
    return low, high


def _blocks(block: Block, low: int | None, high: int | None, back: bool) -> Iterator[tuple[Any, int]]:
    """Blocks in the order of the walk, and how many samples they are at most."""
    size = FIRST
    while low is not None and high is not None and low <= high:
        found = block(low, high, back, size)
        if found is None:
            return
        within, last = found
        yield within, size
        low, high = (low, last - 1) if back else (last + 1, high)
        size = min(size * LARGER, LARGEST)

"""The first samples that pass the filters, in any order, on PostgreSQL.

Its planner knows how many samples each filter passes, and so how to find them all; but where a screen of them is asked
for in an order, it believes that they are spread over the order evenly, and walks along it past a million that are not.
So the order is walked for a part only. Where that does not fill the screen, all that pass are found as the planner sees
fit, and put in order, unless that would be a large part of the dataset. What a condition passes the planner knows less
well: where an index knows keys to begin with (`starts`) and they are few, it begins with these, and else they are
counted as far as the order has been looked at. On SQLite see `ordered_rows`.

Of two columns that are compared as one row the planner looks at the first alone: behind a place among those without a
finding it expects nothing, and would ask hundreds of thousands one after the other. So what is not walked is compared
in words that it knows nothing of.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.db.models.expressions import OrderBy

from datasets_app.models import Dataset, Sample
from datasets_app.models.sample import SampleQuerySet
from datasets_app.pipeline import selecting, starts
from datasets_app.pipeline.selecting import Filters
from datasets_app.pipeline.starts import Start

from .ordered_rows import Range, range_of
from .ordering import Column, Place, between, plain

LOOKED_AT = 10_000  # samples of the order that are looked at first
GLANCED_AT = 2_000  # where each of them costs more: conditions, texts
DEEPER = 10  # times as many are looked at where the order's own index says all that is asked
WIDER = 4  # times as many as so far are looked at next
CHEAPER = 3  # times as long to find a sample anywhere and put it in order as to pass over one in the order
COUNTED = 20  # times as many keys to begin with are counted as samples have been looked at
UNKNOWN = 32  # where no index knows what a condition passes: of so many samples one is looked at before all are found

_IN_INDEX = {"status", "worst"}


@dataclass(frozen=True, slots=True)
class PlannedRows:
    """Called as `ordering.First`; the rows have `columns` only."""

    dataset: Dataset
    filters: Filters
    columns: Sequence[str]

    def __call__(self, column: Column, down: bool, after: Place | None, n: int) -> list[Sample]:
        low, high = range_of(column, self.filters)
        if after is not None:
            low, high = (low, min(high or after, after)) if down else (max(low or after, after), high)
        numbers = selecting.kept(self.dataset, self.filters, exactly=True)
        if not self.filters.chosen():
            passing = selecting.narrowed(self.dataset, self.filters, numbers=numbers)
            by = [f"-{name}" if down else name for name in (column.name, "position")]
            return list(passing.filter(between(column, low, high)).only(*self.columns).order_by(*by)[:n])
        if min(numbers.values(), default=selecting.FEW + 1) <= selecting.FEW:
            few = selecting.narrowed(self.dataset, self.filters, ordered=True, numbers=numbers)
            return self._sorted(few, column, down, (low, high), n)
        begin = [start.counted(selecting.FEW) for start in starts.starts(self.dataset, self.filters.where)]
        if (keys := _few(begin)) is not None:
            few = selecting.narrowed(self.dataset, self.filters, within=keys, numbers=numbers)
            return self._sorted(few.filter(dataset=self.dataset), column, down, (low, high), n)
        found = self._looked(column, down, (low, high), n, numbers, begin)
        if found is not None:
            return found
        passing = selecting.narrowed(self.dataset, self.filters, numbers=numbers)
        return self._sorted(passing, column, down, (low, high), n)

    def _sorted(self, passing: SampleQuerySet, column: Column, down: bool, range: Range, n: int) -> list[Sample]:
        """All that pass, put in order; in words that no index knows, so that it is not walked along after all."""
        by = [OrderBy(plain(name), descending=down) for name in (column.name, "position")]
        return list(passing.filter(between(column, *range, plainly=True)).only(*self.columns).order_by(*by)[:n])

    def _looked(
        self, column: Column, down: bool, rest: Range, n: int, numbers: Mapping[str, int], begin: list[Start]
    ) -> list[Sample] | None:
        """The first of those that pass, by looking at the first samples of the order, and at more of them as long as
        that is sooner done than to find all that pass. None: then find all."""
        by = [f"-{name}" if down else name for name in (column.name, "position")]
        passing = selecting.narrowed(self.dataset, self.filters, ordered=True, reading=True, numbers=numbers)
        passing = passing.only(*self.columns).order_by(*by)
        total = self.dataset.samples_total
        found: list[Sample] = []
        looked, look = 0, self._look()
        while True:
            places = Sample.objects.filter(between(column, *rest), dataset=self.dataset).order_by(*by)
            edge = places.values_list(column.name, "position")[look : look + 1].first()
            if self.filters.q:  # by keys, or the planner, who knows nothing of texts, begins with reading all there are
                keys = list(places.values_list("pk", flat=True)[:look])
                near = selecting.narrowed(self.dataset, self.filters, within=keys, numbers=numbers)
                found += near.only(*self.columns).order_by(*by)[: n - len(found)]
            else:
                ends = rest if edge is None else (edge, rest[1]) if down else (rest[0], edge)
                found += passing.filter(between(column, *ends))[: n - len(found)]
            if edge is None or len(found) == n:
                return found
            # Between places neither end is meant, and the edge has not been looked at.
            rest = (rest[0], (edge[0], edge[1] + 1)) if down else ((edge[0], edge[1] - 1), rest[1])
            looked += look
            look = looked * WIDER
            many = min(looked * COUNTED, total // CHEAPER)
            begin = [start.counted(many) for start in begin]
            known = [*numbers.values(), *(start.number for start in begin if start.number is not None)]
            if begin and not known:
                known = [many + 1]  # at least
            if known and min(known) > total // CHEAPER and not self.filters.q:
                return [*found, *passing.filter(between(column, *rest))[: n - len(found)]]
            most = min(known) * 2 // CHEAPER if known else total // UNKNOWN
            if looked + look > most:
                return None

    def _look(self) -> int:
        """How many samples of the order are looked at first."""
        if self.filters.where or self.filters.q:
            return GLANCED_AT
        return LOOKED_AT * DEEPER if self.filters.chosen().keys() <= _IN_INDEX else LOOKED_AT


def _few(begin: Sequence[Start]) -> list[int] | None:
    """The keys of the part of a condition that leaves the fewest samples, where these are few."""
    few = [start for start in begin if start.number is not None and start.number <= selecting.FEW]
    if not few:
        return None
    first = min(few, key=lambda start: start.number or 0)
    most = selecting.FEW * 4 + 4  # than a counter that is being written just now
    keys = [key for row in first.keys[: most + 1] for key in row.values()]
    return keys if len(keys) <= most else None

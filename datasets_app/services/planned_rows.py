"""The first samples that pass the filters, in any order, on PostgreSQL.

Its planner knows how many samples each filter passes, and so how to find them all; but where a screen of them is asked
for in an order, it believes that they are spread over the order evenly, and walks along it past a million that are not.
So the order is walked for a part only. Where that does not fill the screen, all that pass are found as the planner sees
fit, and put in order, unless that would be a large part of the dataset. On SQLite see `ordered_rows`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.db.models import F
from django.db.models.expressions import OrderBy
from django.db.models.functions import Coalesce

from datasets_app.models import Dataset, Sample
from datasets_app.pipeline import selecting
from datasets_app.pipeline.selecting import Filters

from .ordered_rows import Range, range_of
from .ordering import Column, Place, between

LOOKED_AT = 10_000  # samples of the order that are looked at first
GLANCED_AT = 2_000  # where each of them costs more: conditions, texts
DEEPER = 10  # times as many are looked at where the order's own index says all that is asked
WIDER = 4  # times as many as so far are looked at next
CHEAPER = 3  # times as long to find a sample anywhere and put it in order as to pass over one in the order

_IN_INDEX = {"status", "worst"}


@dataclass(frozen=True, slots=True)
class PlannedRows:
    """Called as `ordering.First`; the rows have `columns` only."""

    dataset: Dataset
    filters: Filters
    columns: Sequence[str]

    def __call__(self, column: Column, down: bool, after: Place | None, n: int) -> list[Sample]:
        names = (column.name, "position")
        by = [f"-{name}" if down else name for name in names]
        low, high = range_of(column, self.filters)
        if after is not None:
            low, high = (low, min(high or after, after)) if down else (max(low or after, after), high)
        numbers = selecting.kept(self.dataset, self.filters, exactly=True)
        fewest = min(numbers.values(), default=None)
        few = fewest is not None and fewest <= selecting.FEW
        passing = selecting.narrowed(self.dataset, self.filters, ordered=few, numbers=numbers)
        passing = passing.filter(between(column, low, high)).only(*self.columns)
        if not self.filters.chosen():
            return list(passing.order_by(*by)[:n])
        if not few:
            found = self._looked(column, by, (low, high), n, numbers)
            if found is not None:
                return found
        # In words that no index knows, so that it is not walked along after all.
        return list(passing.order_by(*(OrderBy(Coalesce(F(name), F(name)), descending=down) for name in names))[:n])

    def _looked(
        self, column: Column, by: Sequence[str], rest: Range, n: int, numbers: Mapping[str, int]
    ) -> list[Sample] | None:
        """The first of those that pass, by looking at the first samples of the order, and at more of them as long as
        that is sooner done than to find all that pass. None: then find all."""
        down = by[0].startswith("-")
        passing = selecting.narrowed(self.dataset, self.filters, ordered=True, reading=True, numbers=numbers)
        passing = passing.only(*self.columns).order_by(*by)
        fewest, total = min(numbers.values(), default=0), self.dataset.samples_total
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
            if fewest * CHEAPER > total and not self.filters.q:
                return [*found, *passing.filter(between(column, *rest))[: n - len(found)]]
            if (looked + look) * CHEAPER > fewest * 2:
                return None

    def _look(self) -> int:
        """How many samples of the order are looked at first."""
        if self.filters.where or self.filters.q:
            return GLANCED_AT
        return LOOKED_AT * DEEPER if self.filters.chosen().keys() <= _IN_INDEX else LOOKED_AT

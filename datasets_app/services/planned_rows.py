"""The first samples that pass the filters, in any order, on PostgreSQL.

Its planner knows how many samples each filter passes, and so how to find them all; but where a screen of them is asked
for in an order, it believes that they are spread over the order evenly, and walks along it past a million that are not.
So the order is walked for a part only. Where that does not fill the screen, all that pass are found as the planner sees
fit, and put in order, unless that would be a large part of the dataset. On SQLite see `ordered_rows`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import F, Q
from django.db.models.expressions import OrderBy
from django.db.models.functions import Coalesce

from datasets_app.models import Dataset, Sample
from datasets_app.pipeline import selecting
from datasets_app.pipeline.selecting import Filters

from .ordered_rows import Range, range_of
from .ordering import Column, Place, between

LOOKED_AT = 10_000  # samples of the order that are looked at first
GLANCED_AT = 2_000  # where each of them costs more: conditions, texts
CHEAPER = 3  # times as long to find a sample anywhere and put it in order as to pass over one in the order


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
            found, ended = self._looked(column, by, (low, high), n, numbers)
            if ended or len(found) == n:
                return found
            if fewest is not None and fewest * CHEAPER > self.dataset.samples_total and not self.filters.q:
                return list(passing.order_by(*by)[:n])
        # In words that no index knows, so that it is not walked along after all.
        return list(passing.order_by(*(OrderBy(Coalesce(F(name), F(name)), descending=down) for name in names))[:n])

    def _looked(
        self, column: Column, by: Sequence[str], within: Range, n: int, numbers: Any
    ) -> tuple[list[Sample], bool]:
        """The first of those that pass among the first samples of the order, and whether there are no more samples."""
        look = GLANCED_AT if self.filters.where or self.filters.q else LOOKED_AT
        places = Sample.objects.filter(between(column, *within), dataset=self.dataset).order_by(*by)
        edge = places.values_list(column.name, "position")[look : look + 1].first()
        near: Q = between(column, *within)
        if edge is not None:
            near &= between(column, edge, None) if by[0].startswith("-") else between(column, None, edge)
        rows = selecting.narrowed(self.dataset, self.filters, ordered=True, reading=True, numbers=numbers).filter(near)
        return list(rows.only(*self.columns).order_by(*by)[:n]), edge is None

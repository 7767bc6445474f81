"""The first samples that pass the filters, in an order other than by number.

Walked along the order's index they are there at once where what passes is spread over the order, and cost seconds among
a million where it all stands at the other end: what is too long in a list that begins with the short ones. PostgreSQL
knows much of that beforehand. On SQLite a part of the order is looked at first; where that does not fill the page, the
samples that the rarest filter passes are read by their keys and put in order.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connections
from django.db.models import Q

from datasets_app.core.conditions import tests
from datasets_app.models import Dataset, Sample
from datasets_app.pipeline import selecting
from datasets_app.pipeline.selecting import Filters

from .ordering import Column, Place, between

Range = tuple[Place | None, Place | None]  # neither end is meant; None: no end on that side

LOOKED_AT, READ = 10_000, 2_000  # samples of the order that are looked at first; where texts are read
DEEPER = 10  # times as many are looked at where the order's own index says all that is asked
WIDER = 4  # times as many as so far are looked at next
CHEAPER = 3  # times as long to read a sample's row in another order than that of the keys
_LAST = 2**31 - 1  # no sample has a higher number
# What the index of an order says itself, as filters and fields of conditions call it.
_IN_INDEX = {
    "tokens": {"status", "worst", "number", "tokens"},
    "findings_total": {"status", "worst", "number", "findings"},
    "changed_at": {"status", "worst", "number", "changed"},
}


Numbers = Mapping[str, int]  # of samples, by filter


@dataclass(frozen=True, slots=True)
class OrderedRows:
    """Called as `ordering.First`; the rows have `columns` only."""

    dataset: Dataset
    filters: Filters
    columns: Sequence[str]

    def __call__(self, column: Column, down: bool, after: Place | None, n: int) -> list[Sample]:
        by = [f"-{name}" if down else name for name in (column.name, "position")]
        low, high = _range(column, self.filters)
        if after is not None:
            low, high = (low, min(high or after, after)) if down else (max(low or after, after), high)
        numbers = selecting.kept(self.dataset, self.filters, exactly=True)
        found: list[Sample] = []
        looked, look = 0, self._look(column, numbers)
        rest = low, high
        while edge := self._edge(column, by, rest, look):
            near = (edge, rest[1]) if down else (rest[0], edge)
            found += self._walked(between(column, *near), by, numbers, reading=True)[: n - len(found)]
            looked += look
            if len(found) == n:
                return found
            go_on = self._goes_on(column, looked, numbers)
            if go_on is None:
                return self._gathered(between(column, low, high), by, n, numbers)
            # Between places neither end is meant, and the edge has not been looked at.
            rest = (rest[0], (edge[0], edge[1] + 1)) if down else ((edge[0], edge[1] - 1), rest[1])
            look = go_on
        return [*found, *self._walked(between(column, *rest), by, numbers)[: n - len(found)]]

    def _gathered(self, within: Q, by: Sequence[str], n: int, numbers: Numbers) -> list[Sample]:
        rows = selecting.gathered(self.dataset, self.filters, numbers).filter(within).order_by(*by)
        keys = list(rows.values_list("pk", flat=True)[:n])
        return list(Sample.objects.filter(pk__in=keys).only(*self.columns).order_by(*by))

    def _walked(self, within: Q, by: Sequence[str], numbers: Numbers, *, reading: bool | None = None) -> Any:
        rows = selecting.narrowed(self.dataset, self.filters, ordered=True, reading=reading, numbers=numbers)
        return rows.filter(within).only(*self.columns).order_by(*by)

    def _look(self, column: Column, numbers: Numbers) -> int:
        """How many samples of the order are looked at first; 0: all of it at once."""
        chosen = self.filters.chosen()
        if connections[Sample.objects.db].vendor != "sqlite" or not chosen:
            return 0
        if numbers and self._rarest(numbers) <= selecting.FEW:
            return 0  # these few are put in order anyway
        if self.filters.q:
            return READ
        return LOOKED_AT * DEEPER if self._in_index(column) else LOOKED_AT

    def _edge(self, column: Column, by: Sequence[str], rest: Range, look: int) -> Place | None:
        """Where the next `look` samples of the order end; None: there are no more than these."""
        if not look:
            return None
        places = Sample.objects.filter(between(column, *rest), dataset=self.dataset).order_by(*by)
        return places.values_list(column.name, "position")[look : look + 1].first()

    def _goes_on(self, column: Column, looked: int, numbers: Numbers) -> int | None:
        """How many samples are looked at next; 0: all the rest; None: sooner is read what the rarest filter passes.

        What passes may stand close together and then nowhere, so its rate so far tells little: four times as many are
        looked at as long as that takes no more time than the reading would.
        """
        rarest, total = self._rarest(numbers), self.dataset.samples_total
        if self.filters.q and not numbers:
            return 0  # the text index says which to walk past
        if self._in_index(column):
            return 0 if rarest * DEEPER > total else None
        if numbers and rarest * CHEAPER > total:
            return 0
        more = looked * WIDER
        return more if (looked + more) * CHEAPER <= rarest * 2 else None

    def _in_index(self, column: Column) -> bool:
        """Whether the order's own index says all that is asked."""
        where = self.filters.where.condition
        asked = {name for name in self.filters.chosen() if name != "where"}
        asked |= {term.field for term in tests(where)} if where else set()
        return asked <= _IN_INDEX[column.name]

    def _rarest(self, numbers: Numbers) -> int:
        return min(numbers.values(), default=self.dataset.samples_total)


def _range(column: Column, filters: Filters) -> Range:
    """Between which places of the order everything stands that passes. Without them a list of those that break a rule,
    fewest findings first, would look at every clean sample before."""
    if column.name != "findings_total":
        return None, None
    if filters.worst == "clean":
        return None, (1, 0)
    return ((0, _LAST) if filters.worst or filters.rule else None), None

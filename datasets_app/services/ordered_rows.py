"""The first samples that pass the filters, in an order other than by number.

Walked along the order's index they are there at once where what passes is spread over the order, and cost seconds among
a million where it all stands at the other end: what is too long in a list that begins with the short ones. PostgreSQL
knows much of that beforehand. On SQLite a part of the order is looked at first; where that does not fill the page, the
samples that the rarest filter passes are read by their keys and put in order. How many pass a filter, the kept counters
know; of a condition it is found out step by step: keys that an index knows (`starts`) are counted as far as the order
has been looked at. So neither way is gone much further than the other one would have led.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Q

from datasets_app.core.conditions import Condition, Term, conjuncts, tests
from datasets_app.models import Dataset, Sample
from datasets_app.pipeline import selecting, starts
from datasets_app.pipeline.selecting import Filters
from datasets_app.pipeline.starts import Start

from .ordering import NUMBER, Column, Place, between, plain
from .sieved_rows import IN_INDEX, Range, SievedRows

LOOKED_AT, READ = 10_000, 2_000  # samples of the order that are looked at first; where texts are read
GLANCED_AT = 2_000  # where keys to begin with can be counted
DEEPER = 10  # times as many are looked at where the order's own index says all that is asked
SIEVED = 20_000  # samples of a dataset; fewer are looked at in no time
SOON = 20_000  # samples that are read sooner than the keys of all
COUNTED = 32  # times as many keys to begin with are counted as samples have been looked at
DENSE = 3  # what at least one sample of so many passes is not gathered
WIDER = 4  # times as many as so far are looked at next
# Times as long to read a sample's row in another order than that of the keys.
CHEAPER = {"position": 1, "tokens": 8, "findings_total": 4, "changed_at": 2}
_LAST = 2**31 - 1  # no sample has a higher number

_FIELDS = {"position": "number", "tokens": "tokens", "findings_total": "findings", "changed_at": ""}  # of conditions
_ENDS = ("min", "max", "is")

Numbers = Mapping[str, int]  # of samples, by filter


@dataclass(frozen=True, slots=True)
class OrderedRows:
    """Called as `ordering.First`; the rows have `columns` only."""

    dataset: Dataset
    filters: Filters
    columns: Sequence[str]

    def __call__(self, column: Column, down: bool, after: Place | None, n: int) -> list[Sample]:
        by = _by(column, down)
        low, high = range_of(column, self.filters)
        if after is not None:
            low, high = (low, min(high or after, after)) if down else (max(low or after, after), high)
        numbers = selecting.kept(self.dataset, self.filters, exactly=True)
        found: list[Sample] = []
        looked, look, sieved = 0, self._look(column, numbers), False
        begin = starts.starts(self.dataset, self.filters.where) if look else []
        begin = [start.counted(selecting.FEW) for start in begin]
        if few := [start for start in begin if start.number is not None and start.number <= selecting.FEW]:
            return self._begun(few[0], column, down, (low, high), n, numbers)
        rest = low, high
        while edge := self._edge(column, by, rest, look):
            near = (edge, rest[1]) if down else (rest[0], edge)
            found += self._walked(between(column, *near), by, numbers, reading=True)[: n - len(found)]
            looked += look
            if len(found) == n:
                return found
            # Between places neither end is meant, and the edge has not been looked at.
            rest = (rest[0], (edge[0], edge[1] + 1)) if down else ((edge[0], edge[1] - 1), rest[1])
            if self.dataset.samples_total >= SIEVED and not sieved and not self._in_index(column):
                if column is not NUMBER and looked < LOOKED_AT and len(found) * (1 + WIDER) >= n:
                    look = looked * WIDER
                    continue
                sieved = True
                begin = [start.counted(looked * COUNTED) for start in begin]
                more = self._sieved(column, down, rest, n - len(found), numbers, begin)
                if more is not None:
                    return found + more
            begin = [start.counted(looked * COUNTED) for start in begin]
            go_on = self._goes_on(column, looked, numbers, begin)
            if go_on is None:
                return self._gathered(begin, column, down, (low, high), n, numbers)
            look = go_on
        return [*found, *self._walked(between(column, *rest), by, numbers)[: n - len(found)]]

    def _sieved(
        self, column: Column, down: bool, rest: Range, n: int, numbers: Numbers, begin: Sequence[Start]
    ) -> list[Sample] | None:
        """What is left of them, where so many pass each filter that it takes long to read these."""
        fewest = self._fewest(numbers, begin)
        if column is not NUMBER and fewest <= SOON:
            return None
        return SievedRows(self.dataset, self.filters, self.columns, dict(numbers), fewest, column, down)(rest, n)

    def _gathered(
        self, begin: Sequence[Start], column: Column, down: bool, range: Range, n: int, numbers: Numbers
    ) -> list[Sample]:
        """On the way of the rarest filter or part of the condition."""
        known = [start for start in begin if start.number is not None]
        first = min(known, key=lambda start: start.number or 0, default=None)
        if first is not None and first.number is not None and first.number <= self._rarest(numbers):
            return self._begun(first, column, down, range, n, numbers)
        rows = selecting.gathered(self.dataset, self.filters, numbers).filter(between(column, *range))
        return self._read(rows.values_list("pk", flat=True).order_by(*_by(column, down))[:n], column, down)

    def _begun(self, start: Start, column: Column, down: bool, range: Range, n: int, numbers: Numbers) -> list[Sample]:
        # What else is asked might lead the query elsewhere, but not past keys.
        alone = isinstance(self.filters.where.condition, Term) and (start.number or 0) > selecting.FEW
        rows = start.rows if alone else None
        found = selecting.narrowed(
            self.dataset, self.filters, within=start.keys if rows is None else None, among=rows, reading=True,
            numbers=numbers,
        )  # fmt: skip
        found = found.filter(selecting.owned(self.dataset), between(column, *range, plainly=True))
        order = [plain(name).desc() if down else plain(name).asc() for name in (column.name, "position")]
        return self._read(found.order_by(*order).values_list("pk", flat=True)[:n], column, down)

    def _read(self, keys: Any, column: Column, down: bool) -> list[Sample]:
        rows = Sample.objects.filter(pk__in=list(keys)).only(*self.columns)
        return list(rows.order_by(*_by(column, down)))

    def _walked(self, within: Q, by: Sequence[str], numbers: Numbers, *, reading: bool | None = None) -> Any:
        rows = selecting.narrowed(self.dataset, self.filters, ordered=True, reading=reading, numbers=numbers)
        return rows.filter(within).only(*self.columns).order_by(*by)

    def _look(self, column: Column, numbers: Numbers) -> int:
        """How many samples of the order are looked at first; 0: all of it at once."""
        chosen = self.filters.chosen()
        if not chosen:
            return 0
        if numbers and self._rarest(numbers) <= selecting.FEW:
            return 0  # these few are put in order anyway
        if self.filters.q:
            return READ
        if self._in_index(column):
            return LOOKED_AT * DEEPER
        return GLANCED_AT if self.filters.where or column is NUMBER else LOOKED_AT

    def _edge(self, column: Column, by: Sequence[str], rest: Range, look: int) -> Place | None:
        """Where the next `look` samples of the order end; None: there are no more than these."""
        if not look:
            return None
        places = Sample.objects.filter(between(column, *rest), dataset=self.dataset).order_by(*by)
        return places.values_list(column.name, "position")[look : look + 1].first()

    def _goes_on(self, column: Column, looked: int, numbers: Numbers, begin: Sequence[Start]) -> int | None:
        """How many samples are looked at next; 0: all the rest; None: sooner is read what the rarest filter passes.

        What passes may stand close together and then nowhere, so its rate so far tells little: four times as many are
        looked at as long as that takes no more time than the reading would.
        """
        if not numbers and all(start.number is None for start in begin):
            # Of a text, its index says which to walk past.
            return looked * WIDER if begin or not self.filters.q else 0
        rarest = self._fewest(numbers, begin)
        if self._in_index(column):
            return 0 if rarest * DEEPER > self.dataset.samples_total else None
        if rarest * DENSE > self.dataset.samples_total:
            return 0
        if column is NUMBER and any(start.in_order and start.rows is not None for start in begin):
            return 0  # which is walked along that start's own index
        more = looked * WIDER
        return more if (looked + more) * CHEAPER[column.name] <= rarest else None

    def _in_index(self, column: Column) -> bool:
        """Whether the order's own index says all that is asked."""
        where = self.filters.where.condition
        asked = {name for name in self.filters.chosen() if name != "where"}
        asked |= {term.field for term in tests(where)} if where else set()
        return asked <= IN_INDEX[column.name]

    def _fewest(self, numbers: Numbers, begin: Sequence[Start]) -> int:
        return min([self._rarest(numbers), *(start.number for start in begin if start.number is not None)])

    def _rarest(self, numbers: Numbers) -> int:
        return min(numbers.values(), default=self.dataset.samples_total)


def _by(column: Column, down: bool) -> list[str]:
    return [f"-{name}" if down else name for name in (column.name, "position")]


def range_of(column: Column, filters: Filters) -> Range:
    """Between which places of the order everything stands that passes. Without them a list of those that break a rule,
    fewest findings first, would look at every clean sample before."""
    low, high = _asked(column, filters)
    if column.name != "findings_total":
        return low, high
    if filters.worst == "clean":
        return low, min(high or (1, 0), (1, 0))
    broken = (0, _LAST)
    asks = filters.worst or filters.rule or any(map(_of_broken, _parts(filters)))
    return (max(low or broken, broken) if asks else low), high


def _of_broken(part: Condition) -> bool:
    """Whether only what has a finding passes that part of a condition."""
    if not isinstance(part, Term):
        return False
    if part.field == "worst":
        return ("clean" in part.values) == (part.operator == "not")
    return part.field == "rule" and part.operator != "not"


def _parts(filters: Filters) -> tuple[Condition, ...]:
    return conjuncts(filters.where.condition) if filters.where.condition else ()


def _asked(column: Column, filters: Filters) -> Range:
    """The same, by what a condition says of the column itself."""
    low: Place | None = None
    high: Place | None = None
    for part in _parts(filters):
        if isinstance(part, Term) and part.field == _FIELDS[column.name] and part.operator in _ENDS:
            value = int(part.values[0])
            if part.operator != "max":
                low = max(low or (value - 1, _LAST), (value - 1, _LAST))
            if part.operator != "min":
                high = min(high or (value + 1, 0), (value + 1, 0))
    return low, high

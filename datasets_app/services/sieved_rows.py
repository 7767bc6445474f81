"""The rest of a page on SQLite, where what passes stands far away in the order and too much passes to read it all.

The keys of the order's index are taken in blocks and sieved (`pipeline.sieve`): what is left of them is put to the
filters, so the sieve only saves looking at samples that cannot pass. In the order of the numbers, which is that of the
keys, the sieve itself names what is next, and is filled by windows of numbers, the nearest first.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models.lookups import Exact

from datasets_app.core.conditions import all_of, conjuncts, tests, write
from datasets_app.models import Dataset, Sample
from datasets_app.pipeline import selecting
from datasets_app.pipeline.key_arrays import Keys, in_order
from datasets_app.pipeline.selecting import Filters
from datasets_app.pipeline.sieve import Sieve, Sieves, sieve
from datasets_app.pipeline.where import Where
from datasets_app.pipeline.windows import ends, windows

from .ordering import NUMBER, Column, Place, between, plain

Range = tuple[Place | None, Place | None]  # neither end is meant; None: no end on that side

WALKED, LARGEST = 3_000, 60_000  # keys of the first block of the order, each as large as all before it; and at most
# Numbers of the first window, how many times as many the next one has, and at most.
WINDOW, WIDER, WIDEST = 4_000, 4, 128_000
HOP = 400  # samples that may pass are looked at for one value, where many have it and
SELDOM = 400  # at most one of so many may pass
GATHERED = 20_000  # so many that may pass are read at once, where they are next
CHEAPER = 20  # times as long to read one and put it in order as to pass over it
STRODE = 500  # of the first block, where the index of the order passes over samples by itself
READABLE, SOONER = 60_000, 4  # that the rarest filter passes are read after so many times as many keys in vain
MATCHES = 100_000  # of a text that are fetched to begin with
IN_VAIN = 600  # samples asked in vain: then the sieve is made closer, or another way is taken
LOOSE = 8  # what at most one sample of so many passes is asked in vain
ASKED = 1_000  # samples that are put to the filters at once

# What the index of an order says itself, as filters and fields of conditions call it.
IN_INDEX = {
    "position": {"number"},
    "tokens": {"status", "worst", "number", "tokens"},
    "findings_total": {"status", "worst", "number", "findings"},
    "changed_at": {"status", "worst", "number", "changed"},
}


LAST = 2**31 - 1  # no sample has a higher number


class Elsewhere(Exception):
    """There is a better way."""


def _known(left: Sieve | None) -> Sieve:
    if left is None:
        raise Elsewhere
    return left


def _sizes() -> Iterator[int]:
    size = WINDOW
    while True:
        yield size
        size = min(size * WIDER, WIDEST)


@dataclass(slots=True)
class SievedRows:
    """Called with what is left of the order, and how many samples are wanted."""

    dataset: Dataset
    filters: Filters
    columns: Sequence[str]
    numbers: dict[str, int]
    fewest: int  # of them, or of those that begin the condition
    column: Column
    down: bool
    _in_vain: int = field(default=0, init=False)

    def __call__(self, rest: Range, n: int) -> list[Sample] | None:
        """The first of them; None where another way is better."""
        try:
            found = self._by_number(rest, n) if self.column is NUMBER else self._by_value(rest, n)
        except Elsewhere:
            return None
        places = [(getattr(row, self.column.name), row.position) for row in found]
        return found if places == sorted(places, reverse=self.down) else None

    def _by_value(self, rest: Range, n: int) -> list[Sample]:
        left = _known(sieve(self.dataset, self.filters, known=IN_INDEX[self.column.name]))
        said = self._says(left)
        found: list[Sample] = []
        for keys, of in self._blocks(left, rest):
            if keys is None:
                return found + self._gathered(left.keys(), of, n - len(found))
            said = self._look(left, keys, of, found, n, said)
            if len(found) == n:
                break
        return found

    def _by_number(self, rest: Range, n: int) -> list[Sample]:
        """By windows of the numbers, each four times as large as the one before: what passes may be near."""
        sieves, found = Sieves(self.dataset, self.filters, IN_INDEX[self.column.name]), list[Sample]()
        if (left := ends(self._rows(rest))) is None:
            return found
        for ahead in windows(self.dataset, left, _sizes(), down=self.down):
            near = _known(sieves.among(ahead))
            self._look(near, near.keys(down=self.down), None, found, n, self._says(near))
            if len(found) == n:
                break
        return found

    def _says(self, left: Sieve) -> bool:
        """Whether the sieve knows the text, if one is asked for."""
        return not self.filters.q or left.say(self.filters.q, MATCHES)

    def _look(self, left: Sieve, keys: Keys, of: Any, found: list[Sample], n: int, said: bool) -> bool:
        """Put the keys to the filters until `n` are found; whether the sieve knows the text by then."""
        size, at = 2 * n, 0
        while at < len(keys) and len(found) < n:
            if self._in_vain > IN_VAIN:
                if self.fewest <= READABLE and left.others and left.others[0].fetched > self.fewest * SOONER:
                    raise Elsewhere
                if not left.closer():
                    if said or not left.say(self.filters.q, len(left.passing)):
                        raise Elsewhere
                    said = True
                keys, at, self._in_vain = left.through(keys[at:]), 0, 0
                continue
            asked = keys[at : at + size]
            passing = self._passing(asked, of)[: n - len(found)]
            found += passing
            if of is None or self.fewest <= READABLE:
                self._in_vain += len(asked) if len(passing) * LOOSE < len(asked) else 0
            at, size = at + size, min(4 * size, ASKED)
        return said

    def _blocks(self, left: Sieve, rest: Range) -> Iterator[tuple[Keys | None, Any]]:
        """What may pass, in order, and the value of the column that is meant; None: whatever theirs is. At the end no
        keys and what is left of the order, where so few may pass that these are better read at once."""
        # What the index of the order passes over by itself is no key of a block: one might lead far.
        walked, passed, size = 0, 0, WALKED if self._there() is None else STRODE
        while True:
            if self.fewest <= READABLE and walked >= self.fewest * SOONER:
                raise Elsewhere
            while left.others and left.others[0].fetched <= walked:
                left.closer()
                passed = 0  # at least
            number = left.number - passed
            if number <= GATHERED and number * CHEAPER <= walked + size:
                yield None, rest
                return
            keys = in_order(self._inside(rest).values_list("pk", flat=True)[:size])
            through = left.through(keys)
            passed += len(through)
            yield through, None
            if len(keys) < size:
                return
            last, before = int(keys[-1]), self._begin(rest)
            rest = self._onward(left, rest, last)
            value = self._begin(rest)
            if before == value and len(through) * SELDOM < size:
                # Many samples have this value, and few of them pass; more of those that pass may have it.
                ahead = left.keys(last - 1 if self.down else last + 1, down=self.down)[:HOP]
                yield ahead, value
                if len(ahead):
                    rest = self._onward(left, rest, int(ahead[-1]), value)
            walked += size
            size = min(walked, LARGEST)

    def _begin(self, rest: Range) -> Any:
        """The value at which what is left of the order begins; None: at its end."""
        place = rest[1] if self.down else rest[0]
        return place and place[0]

    def _onward(self, left: Sieve, rest: Range, last: int, value: Any = None) -> Range:
        """What is left of the order behind that key, or behind its number among those of that value. Where many have
        one value, these stand in the order of their keys: up to the next one that may pass, nothing does."""
        places = Sample.objects.filter(dataset=self.dataset).values_list(self.column.name, "position")
        end = places.filter(pk=last).order_by().first()
        if end is None:
            raise Elsewhere
        following = left.next(last, down=self.down)
        there = None if following is None else places.filter(pk=following).order_by().first()
        value = end[0] if value is None else value
        if self.down:
            return rest[0], (value, there[1] + 1 if there else 0)
        return (value, there[1] - 1 if there else LAST), rest[1]

    def _rows(self, rest: Range) -> Any:
        rows = Sample.objects.filter(between(self.column, *rest), dataset=self.dataset)
        return rows.order_by(*self._by())

    def _inside(self, rest: Range) -> Any:
        """What the order's own index says of the filters is asked there; of the trash, the sieve knows."""
        if (there := self._there()) is None:
            return self._rows(rest)
        rows = selecting.narrowed(self.dataset, there, ordered=True, reading=True, numbers={})
        return rows.filter(between(self.column, *rest)).order_by(*self._by())

    def _there(self) -> Filters | None:
        """What the index of the order says of the filters, if anything."""
        known = IN_INDEX[self.column.name]
        condition = self.filters.where.condition
        parts = [
            part
            for part in (conjuncts(condition) if condition else ())
            if {term.field for term in tests(part)} <= known
        ]
        if not parts and self.filters.chosen().keys().isdisjoint(known):
            return None
        asked = all_of(tuple(parts))
        there: dict[str, Any] = {name: value for name, value in self.filters.chosen().items() if name in known}
        return Filters(**there, where=Where(write(asked) if asked else "", self.filters.where.me))

    def _passing(self, keys: Keys, value: Any) -> list[Sample]:
        rows = selecting.narrowed(self.dataset, self.filters, within=keys.tolist(), reading=True, numbers=self.numbers)
        if value is not None:
            rows = rows.filter(Exact(plain(self.column.name), value))
        return list(rows.filter(selecting.owned(self.dataset)).only(*self._columns()).order_by(*self._by(plainly=True)))

    def _gathered(self, keys: Keys, rest: Range, n: int) -> list[Sample]:
        rows = selecting.narrowed(self.dataset, self.filters, within=keys.tolist(), reading=True, numbers=self.numbers)
        rows = rows.filter(selecting.owned(self.dataset), between(self.column, *rest, plainly=True))
        first = rows.order_by(*self._by(plainly=True)).values_list("pk", flat=True)[:n]
        shown = Sample.objects.filter(pk__in=list(first)).only(*self._columns())
        return list(shown.order_by(*self._by(plainly=True)))

    def _columns(self) -> set[str]:
        return {*self.columns, self.column.name, "position"}

    def _by(self, *, plainly: bool = False) -> list[Any]:
        names = (self.column.name, "position")
        if plainly:
            return [plain(name).desc() if self.down else plain(name).asc() for name in names]
        return [f"-{name}" if self.down else name for name in names]

"""Which samples may pass, as a set of keys, on SQLite: for a list whose order puts what passes far away, under filters
that too many pass to read them all.

An index gives up a key in a tenth of a microsecond where all of them are handed over as one text; to ask a sample that
is passed over for its tags or decisions takes ten times as long, and to read its row forty times. So what each filter
lets through is fetched from the index that knows it, and the keys of an order's index are compared with these sets in
memory. Nothing is kept: the sets are as old as the page. A set may hold more than what passes (an older decision),
never less; so whoever uses one puts what it lets through to the whole question.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from django.core.exceptions import EmptyResultSet
from django.db import connections
from numpy.typing import NDArray

from datasets_app.core import conditions
from datasets_app.core.conditions import Condition, Group, Term
from datasets_app.models import Dataset, Sample
from datasets_app.models.sample import Status

from . import searching, starts
from .selecting import Filters

WIDEST = 20_000_000  # keys from a dataset's first to its last: beyond, its samples lie too far apart for a set of bytes
CHEAP = 2_000  # keys that are fetched at once
EAGER = 40  # times as many as may pass so far

Keys = NDArray[np.int64]
Set = NDArray[np.bool_]  # by key, counted from the dataset's first


@dataclass(slots=True)
class Sieve:
    """`passing` says of each key from `first` on whether it may pass; what else could be asked stands in `others`."""

    first: int
    passing: Set
    others: list[_Draw]

    def closer(self) -> bool:
        """Fetch one set more; False where there is none."""
        if not self.others:
            return False
        self.passing &= self.others.pop(0).draw()
        return True

    def through(self, keys: Keys) -> Keys:
        """Those of the keys that may pass, in their order."""
        at = keys - self.first
        inside = (at >= 0) & (at < len(self.passing))
        keys, at = keys[inside], at[inside]
        return keys[self.passing[at]]

    def keys(self, beyond: int | None = None, *, down: bool = False) -> Keys:
        """All that may pass, ascending or `down`, from that key on."""
        found = np.flatnonzero(self.passing) + self.first
        if down:
            found = found[::-1]
        if beyond is None:
            return found
        return found[found <= beyond] if down else found[found >= beyond]

    def next(self, key: int, *, down: bool = False) -> int | None:
        """The nearest key beyond this one that may pass."""
        at = key - self.first
        beyond = self.passing[:at][::-1] if down else self.passing[at + 1 :]
        if not beyond.size or not beyond[step := int(beyond.argmax())]:
            return None
        return key - 1 - step if down else key + 1 + step

    @property
    def number(self) -> int:
        return int(np.count_nonzero(self.passing))

    def say(self, text: str, most: int) -> bool:
        """Let only through what the text index finds; False, and nothing done, where that is more than `most`."""
        match = searching.match_of(Sample.objects.db, text.replace("\x00", ""))
        if match is None:
            return False
        found = _matches(match, self.first, len(self.passing), most + 1)
        if len(found) > most:
            return False
        self.passing &= _set(found, self.first, len(self.passing))
        return True


def sieve(dataset: Dataset, filters: Filters, *, known: Collection[str] = ()) -> Sieve | None:
    """For all that the filters ask but text, and but the fields in `known`, which the caller sees to.

    None where no index knows anything of it.
    """
    keys = Sample.objects.filter(dataset=dataset).values_list("pk", flat=True)
    first, last = keys.order_by("position").first(), keys.order_by("-position").first()
    if first is None or last is None or last - first >= WIDEST:
        return None
    asked = starts.Asked(dataset, filters.where.me)
    drawing = _Drawing(asked, first, last - first + 1, dataset.samples_total)
    parts = [part for part in _parts(filters) if not {term.field for term in conditions.tests(part)} <= set(known)]
    drawn = [one for one in map(drawing.part, parts) if one is not None]
    found = Sieve(first, np.ones(last - first + 1, np.bool_), sorted(drawn, key=lambda one: one.number))
    for one in [one for one in drawn if one.fetched <= CHEAP]:
        found.others.remove(one)
        found.passing &= one.draw()
    if not found.closer() and not filters.q:
        return None
    # A key is fetched in a hundredth of the time that it takes to look at one that may pass in vain.
    while found.others and found.others[0].fetched <= min(EAGER * found.number, dataset.samples_total / 6):
        found.closer()
    return found


def in_order(rows: Any) -> Keys:
    """The keys of samples that a query in an order gives, with a limit; in its order, which SQLite keeps for an
    aggregate of an ordered SELECT. The caller looks at that once more, on the rows it shows."""
    return _all(rows, "")


def _parts(filters: Filters) -> list[Condition]:
    """What must hold, plain filters as tests as well."""
    plain = {name: value for name, value in filters.chosen().items() if name not in ("q", "where")}
    parts: list[Condition] = [Term(name, "is", (value,)) for name, value in plain.items()]
    if filters.where.condition:
        parts += conditions.conjuncts(filters.where.condition)
    if not filters.status and not filters.asks_for_trash:
        parts.append(Term("status", "not", (Status.TRASHED.value,)))
    return parts


class _Draw(NamedTuple):
    """About how many it lets through, how many keys are fetched for that, and how."""

    number: float
    fetched: float
    draw: Callable[[], Set]


@dataclass(frozen=True, slots=True)
class _Drawing:
    asked: starts.Asked
    first: int
    width: int
    total: int

    def part(self, condition: Condition, turned: bool = False) -> _Draw | None:
        """The samples that may pass; `turned`: that may not pass. None: nobody knows."""
        if isinstance(condition, Term):
            return self._term(condition, turned)
        if condition.join == "not":
            return self.part(condition.parts[0], not turned)
        return self._joined(condition, turned)

    def _joined(self, group: Group, turned: bool) -> _Draw | None:
        parts = [self.part(part, turned) for part in group.parts]
        drawn = [part for part in parts if part is not None]
        if (group.join == "all") == turned:
            if len(drawn) < len(parts):
                return None
            return _Draw(
                sum(one.number for one in drawn),
                sum(one.fetched for one in drawn),
                lambda: np.logical_or.reduce([one.draw() for one in drawn]),
            )
        if not drawn:
            return None
        return _Draw(
            min(one.number for one in drawn),
            sum(one.fetched for one in drawn),
            lambda: np.logical_and.reduce([one.draw() for one in drawn]),
        )

    def _term(self, term: Term, turned: bool) -> _Draw | None:
        if term.field == "text":
            return self._text(term.values[0], (term.operator == "lacks") != turned)
        start = starts.start(term, turned, self.asked)
        other = starts.start(term, not turned, self.asked) if term.field in starts.EXACTLY else None
        number, others = self._number(start), self._number(other)
        if start is not None and (other is None or number <= others):
            return _Draw(number, number, partial(self._set, start))
        if other is None:
            return None
        return _Draw(self.total - others, others, partial(self._others, other))

    def _text(self, text: str, lacks: bool) -> _Draw | None:
        match = searching.match_of(Sample.objects.db, text.replace("\x00", ""))
        if match is None:
            return None

        def draw() -> Set:
            found = _set(_matches(match, self.first, self.width), self.first, self.width)
            return ~found if lacks else found

        return _Draw(self.total / 3, self.total / 3, draw)

    def _number(self, start: starts.Start | None) -> float:
        return self.total / 3 if start is None or start.number is None else start.number

    def _set(self, start: starts.Start) -> Set:
        # Where an index gives the keys in order, it is entered at the first; else asked for their keys, SQLite might
        # take a way along these.
        key = "" if start.rows is not None else "k" if start.in_order else "+k"
        between = key and f"WHERE {key} BETWEEN {self.first} AND {self.first + self.width - 1}"
        return _set(_all(start.keys, between), self.first, self.width)

    def _others(self, start: starts.Start) -> Set:
        return ~self._set(start)


def _set(keys: Keys, first: int, width: int) -> Set:
    found = np.zeros(width, np.bool_)
    at = keys - first
    found[at[(at >= 0) & (at < width)]] = True
    return found


def _matches(match: str, first: int, width: int, most: int = -1) -> Keys:
    """Of what the text index is asked; -1: all."""
    if not match:
        return np.empty(0, np.int64)
    return _fetched(searching.KEYS, (match, first, first + width - 1, most))


def _all(rows: Any, between: str) -> Keys:
    try:
        sql, params = rows.query.get_compiler(using=rows.db).as_sql()
    except EmptyResultSet:
        return np.empty(0, np.int64)
    return _fetched(f"WITH found(k) AS ({sql}) SELECT group_concat(k) FROM found {between}", params)  # noqa: S608


def _fetched(sql: str, params: Any) -> Keys:
    with connections[Sample.objects.db].cursor() as cursor:
        cursor.execute(sql, params)
        [text] = cursor.fetchone()
    return np.fromstring(text, np.int64, sep=",") if text else np.empty(0, np.int64)

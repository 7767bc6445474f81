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
from dataclasses import dataclass, field
from functools import partial
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from datasets_app.core import conditions
from datasets_app.core.conditions import Condition, Group, Term
from datasets_app.models import Dataset, Sample
from datasets_app.models.sample import Status

from . import searching, starts
from .key_arrays import Keys, matches, of_query
from .selecting import Filters
from .starts import Start
from .windows import Window, ends

WIDEST = 20_000_000  # keys from a dataset's first to its last: beyond, its samples lie too far apart for a set of bytes
CHEAP = 2_000  # keys that are fetched at once
COUNTED = 100_000  # keys that are counted
EAGER = 40  # times as many as may pass so far, and
DEAR = 100_000  # at most, are fetched before any are looked at

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
        found = matches(match, self.first, len(self.passing), most + 1)
        if len(found) > most:
            return False
        self.passing &= _set(found, self.first, len(self.passing))
        return True


def sieve(dataset: Dataset, filters: Filters, *, known: Collection[str] = ()) -> Sieve | None:
    """For all that the filters ask but text, and but the fields in `known`, which the caller sees to.

    None where no index knows anything of it.
    """
    return Sieves(dataset, filters, known).among()


class Sieves:
    """The sieves of one list, for all of the dataset or for windows of it. What no index knows by windows is fetched
    once, for all of them."""

    def __init__(self, dataset: Dataset, filters: Filters, known: Collection[str] = ()) -> None:
        self._known = _Known(starts.Asked(dataset, filters.where.me))
        self._total, self._text = dataset.samples_total, bool(filters.q)
        self._whole = ends(Sample.objects.filter(dataset=dataset))
        fields = set(known)
        self._parts = [
            part for part in _parts(filters) if not {term.field for term in conditions.tests(part)} <= fields
        ]
        shown = filters.status or filters.asks_for_trash or "status" in fields
        self._trash = [] if shown else [Term("status", "not", (Status.TRASHED.value,))]

    def among(self, window: Window | None = None) -> Sieve | None:
        """For the keys of the window, or of all the dataset; None where no index knows anything of what is asked."""
        if self._whole is None or self._whole.last - self._whole.first >= WIDEST:
            return None
        of = window or self._whole
        drawing = _Drawing(self._known, self._whole, of, self._total, narrow=window is not None)
        drawn = [one for one in map(drawing.part, self._parts) if one is not None]
        if not drawn and not self._text:
            return None
        drawn.sort(key=lambda one: one.number)
        at_once = [one for one in drawn if one.fetched <= CHEAP] or [one for one in drawn[:1] if one.fetched <= DEAR]
        trash = [one for one in map(drawing.part, self._trash) if one is not None]
        left = [one for one in drawn if one not in at_once] + [one for one in trash if one.fetched > CHEAP]
        found = Sieve(of.first, np.ones(drawing.width, np.bool_), left)
        for one in [*at_once, *(one for one in trash if one.fetched <= CHEAP)]:
            found.passing &= one.draw()
        # A key is fetched in a hundredth of the time that it takes to look at one that may pass in vain; but not many
        # may be in vain.
        while found.others and found.others[0].fetched <= min(EAGER * found.number, DEAR):
            found.closer()
        return found


def _parts(filters: Filters) -> list[Condition]:
    """What must hold, plain filters as tests as well."""
    plain = {name: value for name, value in filters.chosen().items() if name not in ("q", "where")}
    parts: list[Condition] = [Term(name, "is", (value,)) for name, value in plain.items()]
    if filters.where.condition:
        parts += conditions.conjuncts(filters.where.condition)
    return parts


class _Draw(NamedTuple):
    """About how many it lets through, how many keys are fetched for that, and how."""

    number: float
    fetched: float
    draw: Callable[[], Set]


@dataclass(slots=True)
class _Known:
    """What is the same for all windows: where a search may begin by a test, and sets of all keys."""

    asked: starts.Asked
    starts: dict[tuple[Term, bool], Start | None] = field(default_factory=dict)
    sets: dict[tuple[Term, bool], Set] = field(default_factory=dict)

    def start(self, term: Term, turned: bool, *, counted: bool = True) -> Start | None:
        if (key := (term, turned)) not in self.starts:
            found = starts.start(term, turned, self.asked)
            self.starts[key] = found.counted(COUNTED) if found and counted else found
        return self.starts[key]


@dataclass(frozen=True, slots=True)
class _Drawing:
    known: _Known
    whole: Window
    window: Window
    total: int
    narrow: bool  # whether the window is a part

    @property
    def width(self) -> int:
        return self.window.last - self.window.first + 1

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
        start = self.known.start(term, turned)
        counted = start is None or start.number is None
        other = self.known.start(term, not turned, counted=counted) if starts.exactly(term) else None
        number, others = self._number(start), self._number(other)
        if start is not None and (other is None or number <= others or other.number is None):
            return _Draw(number, self._fetched(start, term, turned), partial(self._keys, start, term, turned))
        if other is None:
            return None
        draw = partial(self._keys, other, term, not turned)
        return _Draw(self._share(self.total) - others, self._fetched(other, term, not turned), lambda: ~draw())

    def _text(self, text: str, lacks: bool) -> _Draw | None:
        match = searching.match_of(Sample.objects.db, text.replace("\x00", ""))
        if match is None:
            return None

        def draw() -> Set:
            found = _set(matches(match, self.window.first, self.width), self.window.first, self.width)
            return ~found if lacks else found

        number = self._share(self.total / 3)
        return _Draw(number, number, draw)

    def _share(self, number: float) -> float:
        """Of so many samples of the dataset, those in the window."""
        return number * self.width / (self.whole.last - self.whole.first + 1)

    def _number(self, start: Start | None) -> float:
        return self._share(self.total / 3 if start is None or start.number is None else start.number)

    def _fetched(self, start: Start, term: Term, turned: bool) -> float:
        if not self.narrow or start.by_number:
            return self._number(start)
        if (term, turned) in self.known.sets:
            return 0
        return self.total / 3 if start.number is None else start.number

    def _keys(self, start: Start, term: Term, turned: bool) -> Set:
        """Of a start that no window narrows all keys are kept for the next window."""
        if not self.narrow or start.by_number:
            return self._set(start, self.window)
        if (term, turned) not in self.known.sets:
            self.known.sets[term, turned] = self._set(start, self.whole)
        first = self.window.first - self.whole.first
        return self.known.sets[term, turned][first : first + self.width]

    def _set(self, start: Start, window: Window) -> Set:
        # Where an index gives the keys in order, it is entered at the first; else asked for their keys, SQLite might
        # take a way along these.
        keys = start.keys
        if start.rows is not None and self.narrow and start.by_number:
            keys = start.rows.filter(position__gte=window.low, position__lte=window.high).values("pk")
        key = "" if start.rows is not None else "k" if start.in_order else "+k"
        between = key and f"WHERE {key} BETWEEN {window.first} AND {window.last}"
        return _set(of_query(keys, between), window.first, window.last - window.first + 1)


def _set(keys: Keys, first: int, width: int) -> Set:
    found = np.zeros(width, np.bool_)
    at = keys - first
    found[at[(at >= 0) & (at < width)]] = True
    return found

"""One look over a set: samples pass by once, then what the set rules say and what was measured is there to be asked."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from operator import itemgetter
from types import TracebackType
from typing import Any, Self

from datasets_app.core.engine import severity_of
from datasets_app.core.findings import Finding
from datasets_app.core.jsonl import Json
from datasets_app.core.sets import MEASURES, SET_RULES
from datasets_app.core.sets.base import Gatherer, Setting
from datasets_app.core.sets.columns import Columns
from datasets_app.core.sets.grams import bare, folded
from datasets_app.core.sets.members import Member
from datasets_app.core.sets.near import NearIndex, Sketched, sketched

CHUNK = 2000  # texts that are sketched at once
CHARACTERS = 400_000  # or fewer, when they are long: what is computed on them takes some fifty bytes a character


@dataclass(slots=True)
class Sight:
    """What a look takes of some samples, worked out beforehand, perhaps by another process: their columns, what each
    of the rules that keep something noted of each sample, and their sketches."""

    columns: Columns = field(default_factory=Columns)
    noted: list[list[Any]] = field(default_factory=list)
    sketched: list[Sketched] = field(default_factory=list)


class Look:
    """Add members, `close` once, then ask. A context manager: sketches lie in temporary files.

    `near` decides whether near duplicates are looked for, which costs as much as reading the samples does; `measures`
    whether anything beside the rules is wanted.
    """

    def __init__(self, setting: Setting, *, near: bool = True, measures: bool = True) -> None:
        self.setting = setting
        self.columns = Columns()
        self._near = NearIndex() if near else None
        self._texts = _Texts()
        self._rules: list[tuple[Any, str, Gatherer]] = []
        for rule in SET_RULES.values():
            default = setting.graver.get(rule.name, rule.severity)
            level = severity_of(rule.name, default, contract=setting.contract, profile=setting.profile)
            if level != "off" and rule.applies(setting.contract, setting.profile):
                self._rules.append((rule, level, rule.begin(setting)))
        self._measures = {name: one.begin(setting) for name, one in MEASURES.items()} if measures else {}
        gatherers = [gatherer for _, _, gatherer in self._rules] + list(self._measures.values())
        self._adding = [one.add for one in gatherers if _keeps(one)]
        self._noting = [gatherer for _, _, gatherer in self._rules if _keeps(gatherer)]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._near:
            self._near.__exit__(kind, error, at)

    def add(self, one: Member) -> None:
        """Look at the next sample."""
        index = len(self.columns)
        self.columns.add(one)
        for add in self._adding:
            add(index, one)
        self._compare(one)

    def compare_with(self, one: Member) -> None:
        """Look at a sample that does not belong to the set: it is met again, never spoken of. Before all others."""
        self.columns.add(one)
        self._compare(one)

    def see(self, members: Iterable[Member]) -> Sight:
        """What `take` needs of the members. The look itself does not change, and needs no measures then."""
        sight, texts = Sight(), _Texts()
        seen = []
        for one in members:
            seen.append(one)
            sight.columns.add(one)
            if self._near and texts.add(folded(one.sample)):
                sight.sketched.append(sketched(texts.taken()))
        sight.noted = [[gatherer.note(one) for one in seen] for gatherer in self._noting]
        if texts:
            sight.sketched.append(sketched(texts.taken()))
        return sight

    def take(self, sight: Sight) -> None:
        """Look at the samples that were seen: the same as adding them."""
        self._sketch()
        first = len(self.columns)
        self.columns.extend(sight.columns)
        for gatherer, notes in zip(self._noting, sight.noted, strict=True):
            gatherer.take_all(first, notes)
        if self._near:
            for some in sight.sketched:
                self._near.take(some)

    def close(self, progress: Callable[[float], object] = lambda _share: None, threads: int = 1) -> None:
        """Find the near duplicates, by so many threads. Nothing may be added any more."""
        if self._near:
            self._sketch()
            self.columns.clusters = self._near.clusters(progress, threads)

    def _compare(self, one: Member) -> None:
        if self._near and self._texts.add(folded(one.sample)):
            self._sketch()

    def _sketch(self) -> None:
        if self._near:
            self._near.add(self._texts.taken())

    def findings(self) -> Iterator[tuple[int, Finding]]:
        """(index, finding) of everything the set rules say, in the order of the samples."""
        return heapq.merge(*(self._said(*one) for one in self._rules), key=itemgetter(0))

    def _said(self, rule: Any, level: Any, gatherer: Gatherer) -> Iterator[tuple[int, Finding]]:
        for said in gatherer.said(self.columns):
            yield said.index, Finding(rule.name, level, said.message, said.path)

    def report(self) -> dict[str, Json]:
        """What was measured, by the measures' names, and what rules have to report beside their findings."""
        found = {rule.name: gatherer.report(self.columns) for rule, _, gatherer in self._rules}
        found |= {name: gatherer.report(self.columns) for name, gatherer in self._measures.items()}
        return {name: value for name, value in found.items() if value is not None}


class _Texts:
    """Texts that wait for being sketched together."""

    def __init__(self) -> None:
        self._texts: list[str] = []
        self._characters = 0

    def __bool__(self) -> bool:
        return bool(self._texts)

    def add(self, text: str) -> bool:
        """Whether there are enough of them."""
        self._texts.append(text)
        self._characters += len(text)
        return len(self._texts) >= CHUNK or self._characters >= CHARACTERS

    def taken(self) -> list[str]:
        texts, self._texts, self._characters = self._texts, [], 0
        return bare(texts)


def _keeps(gatherer: Gatherer) -> bool:
    """Whether it wants to be told of single samples at all."""
    kind = type(gatherer)
    return kind.add is not Gatherer.add or kind.take is not Gatherer.take

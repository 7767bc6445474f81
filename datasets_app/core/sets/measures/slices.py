"""Each tag as a slice of its own: how many of its samples break no rule, with how sure that is."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from datasets_app.core.jsonl import Json
from datasets_app.core.sets.base import Gatherer, Measure, Setting
from datasets_app.core.sets.members import Member
from datasets_app.core.statistics import wilson

if TYPE_CHECKING:
    from datasets_app.core.sets.columns import Columns

_MOST = 100  # tags
UNTAGGED = ""


class _Gatherer(Gatherer):
    def __init__(self) -> None:
        self._all: Counter[str] = Counter()
        self._clean: Counter[str] = Counter()

    def add(self, index: int, member: Member) -> None:
        if member.noted is None:
            return
        clean = not member.noted
        for tag in member.tags or (UNTAGGED,):
            self._all[tag] += 1
            self._clean[tag] += clean

    def report(self, columns: Columns) -> Json:
        """Per tag, "" for samples without one: samples, those without a finding, and the share's 95 % interval."""
        if set(self._all) <= {UNTAGGED}:
            return None
        rows = []
        for tag, n in self._all.most_common(_MOST):
            low, high = wilson(self._clean[tag], n)
            rows.append({"tag": tag, "n": n, "clean": self._clean[tag], "low": low, "high": high})
        return rows


class Slices(Measure):
    name = "slices"

    def begin(self, setting: Setting) -> Gatherer:
        return _Gatherer()


MEASURE = Slices()

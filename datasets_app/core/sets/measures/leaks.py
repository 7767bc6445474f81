"""How healthy the split is: how much stands on two sides of it."""

from __future__ import annotations

from datasets_app.core.jsonl import Json
from datasets_app.core.sets.base import Gatherer, Measure, Setting
from datasets_app.core.sets.columns import ORDER, Columns


class _Gatherer(Gatherer):
    def report(self, columns: Columns) -> Json:
        """Samples on each side, and of those on a later side how many are also met on an earlier one."""
        sides = columns.side_counts()
        if len(sides) < 2:
            return None
        questions = near = 0
        between: dict[str, int] = {}
        placed = columns.sides
        for index, home, exact in columns.leaks():
            questions += exact
            near += not exact
            pair = f"{ORDER[placed[home]]} → {ORDER[placed[index]]}"
            between[pair] = between.get(pair, 0) + 1
        return {"sides": sides, "questions": questions, "near": near, "between": between}


class Leaks(Measure):
    name = "leaks"

    def begin(self, setting: Setting) -> Gatherer:
        return _Gatherer()


MEASURE = Leaks()

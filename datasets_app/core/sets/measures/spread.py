"""Where samples come from: the values at a dotted path such as `metadata.domain`, counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from math import log
from typing import TYPE_CHECKING, Any

from datasets_app.core.jsonl import Json
from datasets_app.core.sets.base import Gatherer, Measure, Setting
from datasets_app.core.sets.members import Member

if TYPE_CHECKING:
    from datasets_app.core.sets.columns import Columns

# Looked at without being asked: the names under which sets usually say what a sample is about.
USUAL = tuple(
    prefix + name
    for prefix in ("metadata.", "meta.", "")
    for name in ("domain", "scene", "category", "topic", "source", "lang")
)
_MOST = 1000  # values of one path that are kept apart; more are no domains
_LISTED = 50


class _Gatherer(Gatherer):
    def __init__(self, setting: Setting) -> None:
        self._paths = {path: Counter[str]() for path in dict.fromkeys((*setting.spread_by, *USUAL)) if path}
        self._asked = set(setting.spread_by)
        self._samples = 0

    def add(self, index: int, member: Member) -> None:
        self._samples += 1
        extras = member.sample.extras
        if not extras:
            return
        for path, counts in self._paths.items():
            value = value_at(extras, path)
            if value is not None and len(counts) <= _MOST:
                counts[value] += 1

    def report(self, columns: Columns) -> Json:
        """Per path the most frequent values, how many there are, samples without one, and the evenness (0 to 1)."""
        found = []
        for path, counts in self._paths.items():
            if not counts or (len(counts) > _MOST and path not in self._asked):
                continue
            total = counts.total()
            spread = -sum(n / total * log(n / total) for n in counts.values())
            found.append({
                "path": path,
                "values": len(counts),
                "without": self._samples - total,
                "evenness": round(spread / log(len(counts)), 4) if len(counts) > 1 else 0.0,
                "most": [{"value": value, "n": n} for value, n in counts.most_common(_LISTED)],
            })  # fmt: skip
        return found or None


def value_at(extras: Mapping[str, Any], path: str) -> str | None:
    """The text, number or truth value at a dotted path, as text of at most 100 characters; None for anything else."""
    value: Any = extras
    for key in path.split("."):
        if not isinstance(value, Mapping) or key not in value:
            return None
        value = value[key]
    return str(value)[:100] if isinstance(value, str | int | float | bool) and value != "" else None


class Spread(Measure):
    name = "spread"

    def begin(self, setting: Setting) -> Gatherer:
        return _Gatherer(setting)


MEASURE = Spread()

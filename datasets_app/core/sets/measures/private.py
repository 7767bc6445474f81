"""How many samples hold secrets or personal data, by kind. Values are masked where they were found and stay so."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from datasets_app.core.jsonl import Json
from datasets_app.core.sets.base import Gatherer, Measure, Setting
from datasets_app.core.sets.members import Member

if TYPE_CHECKING:
    from datasets_app.core.sets.columns import Columns

RULES = ("secret", "personal-data")
_SHOWN = 3


class _Kind:
    __slots__ = ("examples", "findings", "samples")

    def __init__(self) -> None:
        self.samples = self.findings = 0
        self.examples: dict[str, int] = {}  # masked value → where it is first met


class _Gatherer(Gatherer):
    def __init__(self) -> None:
        self._asked = False
        self._kinds: dict[tuple[str, str], _Kind] = defaultdict(_Kind)

    def add(self, index: int, member: Member) -> None:
        if member.noted is None:
            return
        self._asked = True
        met = set()
        for noted in member.noted:
            if noted.rule not in RULES:
                continue
            kind = self._kinds[noted.rule, noted.kind]
            kind.findings += 1
            kind.samples += (noted.rule, noted.kind) not in met
            met.add((noted.rule, noted.kind))
            if noted.masked and len(kind.examples) < _SHOWN:
                kind.examples.setdefault(noted.masked, member.at)

    def report(self, columns: Columns) -> Json:
        """Per rule and kind how many samples and findings, with up to three masked values."""
        if not self._asked:
            return None
        ordered = sorted(self._kinds.items(), key=lambda item: (RULES.index(item[0][0]), -item[1].samples, item[0][1]))
        return [
            {
                "rule": rule, "kind": kind, "samples": found.samples, "findings": found.findings,
                "examples": [{"masked": masked, "at": at} for masked, at in found.examples.items()],
            }
            for (rule, kind), found in ordered
        ]  # fmt: skip


class Private(Measure):
    name = "private"

    def begin(self, setting: Setting) -> Gatherer:
        return _Gatherer()


MEASURE = Private()

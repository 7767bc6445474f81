"""How evenly a set's labels are spread."""

from __future__ import annotations

from math import log
from typing import TYPE_CHECKING

from datasets_app.core.jsonl import Json
from datasets_app.core.sets.base import Gatherer, Measure, Setting
from datasets_app.core.sets.members import Member
from datasets_app.core.sets.shapes import looks_like_json
from datasets_app.core.sets.spellings import Spellings

if TYPE_CHECKING:
    from datasets_app.core.sets.columns import Columns

_MOST = 50  # labels; answers of more kinds than that are no classes, unless the contract says so
_COVERED = 0.9  # the share of the answers that repeated ones must make up before they are taken for classes


class _Gatherer(Gatherer):
    def __init__(self, setting: Setting) -> None:
        labels = setting.contract.labels
        self._named = dict.fromkeys(labels.values, 0) if labels else {}
        self._spellings = Spellings()
        self._classes = True  # as far as the answers told so far
        self._answers = 0

    def add(self, index: int, member: Member) -> None:
        if member.answer is None:
            return
        self._answers += 1
        if self._named:
            if member.label in self._named:
                self._named[member.label] += 1
        elif self._classes and not looks_like_json(member.answer):
            self._spellings.add(member.answer.text)
            if self._spellings.repeated > _MOST:  # they will not become fewer: nothing need be kept of free text
                self._classes, self._spellings = False, Spellings()

    def report(self, columns: Columns) -> Json:
        """`labels` with their counts, the most frequent first; `evenness` from 0 to 1 (Pielou: entropy over its most).

        `closed` says whether the contract names the labels; else the answers themselves repeat like labels.
        """
        counted = self._named or self._repeated()
        if not counted or not self._answers:
            return None
        total = sum(counted.values())
        shares = [n / total for n in counted.values() if n]
        spread = -sum(share * log(share) for share in shares) / log(len(counted)) if len(counted) > 1 else 1.0
        ordered = sorted(counted.items(), key=lambda item: (-item[1], item[0]))
        return {
            "closed": bool(self._named),
            "answers": self._answers,
            "evenness": round(abs(spread), 4),
            "labels": [{"label": label, "n": n, "share": n / total if total else 0.0} for label, n in ordered],
        }

    def _repeated(self) -> dict[str, int]:
        seen = self._spellings.seen
        repeated = {label: counts.total() for label, counts in seen.items() if counts.total() > 1}
        if not 2 <= len(repeated) <= _MOST or sum(repeated.values()) < _COVERED * self._answers:
            return {}
        return {self._spellings.common(label)[0]: n for label, n in repeated.items()}


class Balance(Measure):
    name = "balance"

    def begin(self, setting: Setting) -> Gatherer:
        return _Gatherer(setting)


MEASURE = Balance()

"""How many JSON answers can be read as they stand, and how many more by a reader that looks inside code fences."""

from __future__ import annotations

from typing import TYPE_CHECKING

from datasets_app.core.json_answers import rates
from datasets_app.core.jsonl import Json
from datasets_app.core.sets.base import Gatherer, Measure, Setting
from datasets_app.core.sets.members import Member
from datasets_app.core.sets.shapes import looks_like_json
from datasets_app.core.statistics import wilson

if TYPE_CHECKING:
    from datasets_app.core.sets.columns import Columns


class _Gatherer(Gatherer):
    def __init__(self, setting: Setting) -> None:
        self._all = setting.contract.json is not None
        self._answers = self._strict = self._lenient = 0

    def add(self, index: int, member: Member) -> None:
        answer = member.answer
        if answer is None or not (self._all or looks_like_json(answer)):
            return
        read = rates((answer.text,))
        self._answers += 1
        self._strict += read.strict
        self._lenient += read.lenient

    def report(self, columns: Columns) -> Json:
        """Answers that are meant as JSON; `strict` and `lenient` with the 95 % Wilson interval of their shares."""
        if not self._answers:
            return None
        return {
            "answers": self._answers,
            "strict": _rate(self._strict, self._answers),
            "lenient": _rate(self._lenient, self._answers),
        }


def _rate(k: int, n: int) -> Json:
    low, high = wilson(k, n)
    return {"n": k, "share": k / n, "low": low, "high": high}


class Fences(Measure):
    name = "fences"

    def begin(self, setting: Setting) -> Gatherer:
        return _Gatherer(setting)


MEASURE = Fences()

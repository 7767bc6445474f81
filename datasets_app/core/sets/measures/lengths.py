"""Questions and answers that are much longer or shorter than the others."""

from __future__ import annotations

from array import array
from math import expm1, log1p
from typing import TYPE_CHECKING, Any

from datasets_app.core.jsonl import Json
from datasets_app.core.sets.base import SHOWN, Gatherer, Measure, Setting
from datasets_app.core.sets.members import Member

if TYPE_CHECKING:
    from datasets_app.core.sets.columns import Columns

_FAR = 3.5  # modified z-scores (B. Iglewicz, D. Hoaglin, 1993)
_SIGMA = 1.4826  # times the median deviation is the standard deviation of a normal distribution
_LEAST = 20  # lengths before anything is called unusual
_NARROW = 0.1  # the least deviation of a logarithm: 10 % more or less is never unusual


class _Gatherer(Gatherer):
    def __init__(self) -> None:
        self._lengths = {"question": array("Q"), "answer": array("Q")}

    def add(self, index: int, member: Member) -> None:
        question = member.sample.question
        self._lengths["question"].append(len(question.text) if question else 0)
        self._lengths["answer"].append(len(member.answer.text) if member.answer else 0)

    def report(self, columns: Columns) -> Json:
        """Per part the quantiles, the bounds of what is usual, how many lie outside, and some of them. In characters.

        Lengths are compared by their logarithms: a text of twice the usual length is as odd as one of half.
        """
        return {part: found for part, lengths in self._lengths.items() if (found := _described(lengths, columns))}


def _described(lengths: array[int], columns: Columns) -> Json:
    numbered = sorted((n, index) for index, n in enumerate(lengths) if n)
    if not numbered:
        return None
    ordered = [n for n, _ in numbered]
    middle = log1p(_at(ordered, 0.5))
    deviation = max(_NARROW, _SIGMA * _at(sorted(abs(log1p(n) - middle) for n in ordered), 0.5))
    low, high = expm1(middle - _FAR * deviation), expm1(middle + _FAR * deviation)
    enough = len(ordered) >= _LEAST
    short = [pair for pair in numbered if pair[0] < low] if enough else []
    long = [pair for pair in reversed(numbered) if pair[0] > high] if enough else []
    return {
        "n": len(ordered),
        "quantiles": {name: _at(ordered, q) for name, q in (("5", 0.05), ("50", 0.5), ("95", 0.95))},
        "shortest": ordered[0],
        "longest": ordered[-1],
        "usual": [max(0, round(low)), round(high)],
        "short": {"n": len(short), "samples": _named(short, columns)},
        "long": {"n": len(long), "samples": _named(long, columns)},
    }


def _at(ordered: list[Any], share: float) -> Any:
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def _named(pairs: list[tuple[int, int]], columns: Columns) -> Json:
    return [{"at": columns.at[index], "characters": n} for n, index in pairs[:SHOWN]]


class Lengths(Measure):
    name = "lengths"

    def begin(self, setting: Setting) -> Gatherer:
        return _Gatherer()


MEASURE = Lengths()

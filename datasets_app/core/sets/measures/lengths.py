"""Questions and answers that are much longer or shorter than the others."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterable
from math import expm1, inf, log1p
from typing import TYPE_CHECKING, Any

from datasets_app.core.jsonl import Json
from datasets_app.core.sets.base import SHOWN, Gatherer, Measure, Setting
from datasets_app.core.sets.members import Member
from datasets_app.core.sets.numbers import Numbers

if TYPE_CHECKING:
    from datasets_app.core.sets.columns import Columns

_FAR = 3.5  # modified z-scores (B. Iglewicz, D. Hoaglin, 1993)
_SIGMA = 1.4826  # times the median deviation is the standard deviation of a normal distribution
_LEAST = 20  # lengths before anything is called unusual
_NARROW = 0.1  # the least deviation of a logarithm: 10 % more or less is never unusual


class _Gatherer(Gatherer):
    def __init__(self) -> None:
        self._lengths = {"question": Numbers("I"), "answer": Numbers("I")}

    def add(self, index: int, member: Member) -> None:
        question = member.sample.question
        self._lengths["question"].append(len(question.text) if question else 0)
        self._lengths["answer"].append(len(member.answer.text) if member.answer else 0)

    def report(self, columns: Columns) -> Json:
        """Per part the quantiles, the bounds of what is usual, how many lie outside, and some of them. In characters.

        Lengths are compared by their logarithms: a text of twice the usual length is as odd as one of half.
        """
        return {part: found for part, lengths in self._lengths.items() if (found := _described(lengths, columns))}


def _described(lengths: Numbers, columns: Columns) -> Json:
    counts = Counter(lengths)  # a million texts have some thousand lengths
    del counts[0]
    if not counts:
        return None
    total = counts.total()
    middle = log1p(_at(counts.items(), 0.5, total))
    deviations = ((abs(log1p(n) - middle), times) for n, times in counts.items())
    deviation = max(_NARROW, _SIGMA * _at(deviations, 0.5, total))
    low, high = expm1(middle - _FAR * deviation), expm1(middle + _FAR * deviation)
    least, most = (low, high) if total >= _LEAST else (0.0, inf)
    short = heapq.nsmallest(SHOWN, ((n, index) for index, n in enumerate(lengths) if 0 < n < least))
    long = heapq.nlargest(SHOWN, ((n, index) for index, n in enumerate(lengths) if n > most))
    return {
        "n": total,
        "quantiles": {name: _at(counts.items(), q, total) for name, q in (("5", 0.05), ("50", 0.5), ("95", 0.95))},
        "shortest": min(counts),
        "longest": max(counts),
        "usual": [max(0, round(low)), round(high)],
        "short": {"n": sum(times for n, times in counts.items() if n < least), "samples": _named(short, columns)},
        "long": {"n": sum(times for n, times in counts.items() if n > most), "samples": _named(long, columns)},
    }


def _at(counted: Iterable[tuple[Any, int]], share: float, total: int) -> Any:
    """The value that stands at this share of all in their order; `counted` are values and how often each comes."""
    left = min(total - 1, int(share * total))
    for value, times in sorted(counted):
        if left < times:
            return value
        left -= times
    raise ValueError("these are fewer values than the total")


def _named(pairs: list[tuple[int, int]], columns: Columns) -> Json:
    return [{"at": columns.at[index], "characters": n} for n, index in pairs]


class Lengths(Measure):
    name = "lengths"

    def begin(self, setting: Setting) -> Gatherer:
        return _Gatherer()


MEASURE = Lengths()

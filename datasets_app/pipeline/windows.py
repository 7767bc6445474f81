"""Samples that follow each other by number, on SQLite: a dataset is looked at part after part, the nearest first."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from datasets_app.models import Dataset, Sample


class Window(NamedTuple):
    """Samples that follow each other: keys and numbers of the first and of the last."""

    first: int
    last: int
    low: int
    high: int


def ends(rows: Any) -> Window | None:
    """All of the samples; None where there are none."""
    places = rows.order_by("position").values_list("pk", "position")
    first, last = places.first(), places.last()
    return Window(first[0], last[0], first[1], last[1]) if first and last else None


def windows(dataset: Dataset, of: Window, sizes: Iterable[int], *, down: bool = False) -> Iterator[Window]:
    """Of the samples in `of` those whose numbers are less than a size apart, and so on behind them, or `down`."""
    places = Sample.objects.filter(dataset=dataset).values_list("pk", "position")
    up, falling = places.order_by("position"), places.order_by("-position")
    for size in sizes:
        if of.high - of.low < size:
            yield of
            return
        # One bound in each query: of two at one end SQLite may enter the index by the one and read up to it.
        if down:
            end = up.filter(position__gt=of.high - size).first()
            beyond = end and falling.filter(position__lt=end[1]).first()
        else:
            end = falling.filter(position__lt=of.low + size).first()
            beyond = end and up.filter(position__gt=end[1]).first()
        if end is None or beyond is None:
            return  # somebody has just deleted them
        if down:
            yield Window(end[0], of.last, end[1], of.high)
            of = Window(of.first, beyond[0], of.low, beyond[1])
        else:
            yield Window(of.first, end[0], of.low, end[1])
            of = Window(beyond[0], of.last, beyond[1], of.high)

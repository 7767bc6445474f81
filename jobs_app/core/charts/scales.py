"""Where a number stands on an axis, and which round numbers stand beside it."""

from __future__ import annotations

import math
from collections.abc import Sequence

# Nearer to zero and farther from it there is no round number left beside a value: 10**-324 is 0, 10**309 too large.
LEAST, MOST = 1e-300, 1e300


def ticks(low: float, high: float, count: int = 5) -> list[float]:
    """Round numbers (1, 2 or 5 times a power of ten apart) that enclose `low` to `high`; about `count` of them."""
    span = high - low
    size = max(abs(low), abs(high))
    if not span > max(size, 1e-12) * 1e-9:  # equal, or too close for a scale to tell them apart
        span = size if size > 1e-12 else 1.0
        low, high = low - span / 2, high + span / 2
    raw = (high - low) / max(1, count - 1)
    exponent = math.floor(math.log10(raw))
    power = 10.0**exponent
    gap = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= raw * 0.999999)
    first, last = math.floor(low / gap + 1e-9), math.ceil(high / gap - 1e-9)
    return [round(index * gap, max(0, 1 - exponent)) for index in range(first, last + 1)]


def log_ticks(low: float, high: float) -> list[float]:
    """Powers of ten that enclose `low` to `high` (both above 0), with 2 and 5 between them where they are few."""
    first = math.floor(math.log10(low) + 1e-9)
    last = max(first + 1, math.ceil(math.log10(high) - 1e-9))
    every = max(1, math.ceil((last - first) / 6))
    found = [10.0**power for power in range(first, last + 1, every)]
    if found[-1] < high:
        found.append(10.0 ** (first + every * len(found)))
    if last - first <= 2:
        between = [factor * 10.0**power for power in range(first, last) for factor in (2, 5)]
        found = sorted([*found, *between])
        while len(found) > 2 and found[1] <= low:
            found.pop(0)
        while len(found) > 2 and found[-2] >= high:
            found.pop()
    return found


class Scale:
    """The vertical scale of a panel, from `bottom` to `top` in the picture's units.

    A loss is read against zero where that leaves the curve its room; `share` is a rate shown as percent; a logarithmic
    scale has no place for zero and below. Nothing but a number that is closer to zero than MOST has one at all.
    """

    def __init__(
        self,
        values: Sequence[float],
        *,
        top: float,
        bottom: float,
        log: bool = False,
        share: bool = False,
        count: int = 6,
    ) -> None:
        self.top, self.bottom, self.share = top, bottom, share
        finite = [value for value in values if abs(value) < MOST]
        self.log = log and any(value > LEAST for value in finite)
        if self.log:
            finite = [value for value in finite if value > LEAST]
        low, high = min(finite, default=0.0), max(finite, default=1.0)
        if self.log:
            self.ticks = log_ticks(low, high)
        elif share:
            self.ticks = [tick for tick in ticks(low, max(high, low + 0.01), count) if tick <= 1.0000001] or [0.0, 1.0]
            if self.ticks[-1] < high or len(self.ticks) < 2:
                self.ticks = ticks(low, high, count)
        else:
            self.ticks = ticks(0.0 if 0 <= low <= high * 0.75 or 0 < low == high else low, high, count)
        self.low, self.high = self.ticks[0], self.ticks[-1]

    def has(self, value: float) -> bool:
        """Whether the value can be drawn."""
        return abs(value) < MOST and (value > LEAST or not self.log)

    def y(self, value: float) -> float:
        if self.log:
            floor = math.log10(self.low)
            share = (math.log10(value) - floor) / (math.log10(self.high) - floor)
        else:
            share = (value - self.low) / (self.high - self.low)
        return self.bottom - (self.bottom - self.top) * share

    def says(self, value: float) -> str:
        return f"{100 * value:g} %" if self.share else f"{value:g}"


class Axis:
    """The one horizontal axis that all panels share, from 0 to the last point."""

    def __init__(self, places: Sequence[float], *, left: float, right: float, whole: bool) -> None:
        self.left, self.right = left, right
        self.last = max([place for place in places if math.isfinite(place)] + [1.0 if whole else 1e-9])
        found = [tick for tick in ticks(0, self.last, 6) if tick <= self.last * 1.0000001]
        self.ticks = sorted({float(round(tick)) for tick in found if tick == round(tick)}) if whole else found

    def x(self, place: float) -> float:
        return self.left + (self.right - self.left) * place / self.last

    def says(self, tick: float) -> str:
        for size, letter in ((1e9, "G"), (1e6, "M"), (1e5, "k")):
            if self.last >= size:
                return f"{tick / (1e3 if letter == 'k' else size):g}{letter}" if tick else "0"
        return f"{tick:g}"

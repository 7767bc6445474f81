"""The loss chart: a picture drawn as text on the server, so that a page without script has it too.

The classes are the stylesheet's (`.chart` and what is inside it); nothing here carries a style or a colour.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from html import escape

from ftstudio.errors import Text
from jobs_app.core.metrics import downsample, validation

Points = Sequence[tuple[int, float]]

LABELS: Mapping[str, Text] = {
    "loss": Text("Loss"),
    "step": Text("step"),
    "train": Text("training"),
    "valid": Text("validation"),
    "checkpoint": Text("checkpoint"),
}
_LEFT, _RIGHT, _TOP, _BOTTOM = 52, 14, 22, 28
_BUCKETS = 300  # two points each: more than one for every pixel of the usual width
_MARKS = 40  # with more points than this a line needs no marks, and they would hide it


def loss_chart(
    series: Mapping[str, Points],
    *,
    width: int = 720,
    height: int = 260,
    title: str,
    description: str,
    checkpoints: Iterable[int] = (),
    name: str = "loss",
    labels: Mapping[str, str] = LABELS,
) -> str:
    """An SVG element with the training and validation loss of `metrics.series(…)` over the training step.

    `title` and `description` are read out to people who do not see it, so the description should say what the
    curves do. `checkpoints` are steps that get a mark on the axis. `name` prefixes the ids and must be unique on
    the page. `labels` takes translated words under the keys of `LABELS`. NaN and infinite values are gaps.
    """
    train = downsample(series.get("train_loss", ()), _BUCKETS)
    valid = downsample(validation(series), _BUCKETS)
    marks = sorted(set(checkpoints))
    frame = _Frame(width, height, [*train, *valid], marks)
    body = [
        *_grid(frame, labels),
        *(_checkpoint(frame, step, labels) for step in marks),
        _line(frame, train, "train"),
        *_marks(frame, train, "train"),
        _line(frame, valid, "valid"),
        *_marks(frame, valid, "valid"),
        *_names(frame, train, valid, labels),
    ]
    ident = escape(name)
    return (
        f'<svg class="chart" viewBox="0 0 {width} {height}" role="img" aria-labelledby="{ident}-t {ident}-d">'
        f'<title id="{ident}-t">{escape(title)}</title><desc id="{ident}-d">{escape(description)}</desc>'
        f"{''.join(body)}</svg>"
    )


def ticks(low: float, high: float, count: int = 5) -> list[float]:
    """Round numbers (1, 2 or 5 times a power of ten apart) that enclose `low` to `high`; about `count` of them."""
    span = high - low
    size = max(abs(low), abs(high))
    if not span > max(size, 1.0) * 1e-9:  # equal, or too close for a scale to tell them apart
        span = size if size > 1e-9 else 1.0
        low, high = low - span / 2, high + span / 2
    raw = (high - low) / max(1, count - 1)
    exponent = math.floor(math.log10(raw))
    power = 10.0**exponent
    gap = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= raw * 0.999999)
    first, last = math.floor(low / gap + 1e-9), math.ceil(high / gap - 1e-9)
    return [round(index * gap, max(0, 1 - exponent)) for index in range(first, last + 1)]


class _Frame:
    """The plotting area: steps to x, losses to y. Both axes have an extent whatever the points are."""

    def __init__(self, width: int, height: int, points: Points, steps: Sequence[int]) -> None:
        self.left, self.right = _LEFT, width - _RIGHT
        self.top, self.bottom = _TOP, height - _BOTTOM
        self.height = height
        finite = [value for _, value in points if math.isfinite(value)]
        low, high = min(finite, default=0.0), max(finite, default=1.0)
        # A loss is read against zero where that leaves the curve its room.
        self.y_ticks = ticks(0.0 if 0 <= low <= high * 0.75 or 0 < low == high else low, high, 6)
        self.low, self.high = self.y_ticks[0], self.y_ticks[-1]
        self.last = max([step for step, _ in points] + list(steps) + [1])

    def x(self, step: float) -> float:
        return self.left + (self.right - self.left) * step / self.last

    def y(self, value: float) -> float:
        return self.bottom - (self.bottom - self.top) * (value - self.low) / (self.high - self.low)

    @property
    def x_ticks(self) -> list[int]:
        return sorted({round(tick) for tick in ticks(0, self.last, 6) if tick == round(tick) and tick <= self.last})


def _grid(frame: _Frame, labels: Mapping[str, str]) -> Iterable[str]:
    for index, tick in enumerate(frame.y_ticks):
        y = frame.y(tick)
        kind = "axis" if index == 0 else "grid"
        yield f'<line class="{kind}" x1="{frame.left}" x2="{frame.right}" y1="{y:.1f}" y2="{y:.1f}"/>'
        yield f'<text class="end" x="{frame.left - 8}" y="{y + 4:.1f}">{_number(tick)}</text>'
    yield f'<text class="b" x="{frame.left}" y="14">{escape(labels["loss"])}</text>'
    for step in frame.x_ticks:
        x = frame.x(step)
        yield f'<line class="axis" x1="{x:.1f}" x2="{x:.1f}" y1="{frame.bottom}" y2="{frame.bottom + 6}"/>'
        yield f'<text class="mid" x="{x:.1f}" y="{frame.bottom + 21}">{step}</text>'
    yield f'<text class="end" x="{frame.left - 8}" y="{frame.bottom + 21}">{escape(labels["step"])}</text>'


def _checkpoint(frame: _Frame, step: int, labels: Mapping[str, str]) -> str:
    x = frame.x(step)
    says = f"{escape(labels['checkpoint'])} {step}"
    ends = f'x1="{x:.1f}" x2="{x:.1f}" y1="{frame.top}" y2="{frame.bottom}"'
    return f'<line class="goal" {ends}><title>{says}</title></line>'


def _line(frame: _Frame, points: Points, kind: str) -> str:
    """One path; a value that is no number ends the stroke, and the next one begins a new stroke."""
    strokes: list[str] = []
    pen_up = True
    for step, value in points:
        if not math.isfinite(value):
            pen_up = True
            continue
        strokes.append(f"{'M' if pen_up else 'L'}{frame.x(step):.1f} {frame.y(value):.1f}")
        pen_up = False
    return f'<path class="{kind}" d="{"".join(strokes)}"/>' if len(strokes) > 1 else ""


def _marks(frame: _Frame, points: Points, kind: str) -> Iterable[str]:
    """A ring for training, a square for validation: shape before colour. A lone point is always marked."""
    if len(points) > _MARKS:
        return
    for step, value in points:
        if not math.isfinite(value):
            continue
        x, y = frame.x(step), frame.y(value)
        if kind == "train":
            yield f'<circle class="p-train" cx="{x:.1f}" cy="{y:.1f}" r="2.5"/>'
        else:
            yield f'<rect class="p-valid" x="{x - 4:.1f}" y="{y - 4:.1f}" width="8" height="8"/>'


def _names(frame: _Frame, train: Points, valid: Points, labels: Mapping[str, str]) -> Iterable[str]:
    """The name of each line above it: training at its beginning, validation at its end."""
    if first := next(((step, value) for step, value in train if math.isfinite(value)), None):
        yield _name(frame, first, labels["train"], 10)
    if last := next(((step, value) for step, value in reversed(valid) if math.isfinite(value)), None):
        yield _name(frame, last, labels["valid"], -6)


def _name(frame: _Frame, point: tuple[int, float], word: str, offset: int) -> str:
    """The word beside a point, turned inwards where it would leave the frame."""
    if frame.x(point[0]) + offset > frame.left + (frame.right - frame.left) * 0.8:
        offset = -abs(offset)
    elif frame.x(point[0]) + offset < frame.left + (frame.right - frame.left) * 0.2:
        offset = abs(offset)
    x, y = frame.x(point[0]) + offset, max(frame.top + 4.0, frame.y(point[1]) - 10)
    return f'<text class="{"m" if offset > 0 else "m end"}" x="{x:.1f}" y="{y:.1f}">{escape(word)}</text>'


def _number(value: float) -> str:
    return f"{value:g}"

"""Panels over one axis as one SVG element: lines, points, intervals, checkpoints, the best step."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape

from jobs_app.core.metrics import downsample

from .scales import Axis, Scale

Points = Sequence[tuple[float, float]]

_LEFT, _RIGHT, _BOTTOM = 56, 16, 28
_FLAGGED, _PLAIN = 28, 4  # above the first panel, with and without a flag
_TITLE = 20  # above a panel
_BETWEEN = 16
_BUCKETS = 300  # two points each: more than one for every pixel of the usual width
_MARKED = 40  # with more points than this a line needs no marks, and they would hide it
_NEAR = 13  # names of lines are kept so far apart
_WIDE = 70  # unless they stand so far from each other sideways
_CHARACTER = 7.2  # a guess at the width of a letter in the flag, whose box must be drawn before the text is


@dataclass(frozen=True, slots=True)
class Line:
    """`look` is its class in the stylesheet: train, valid, score or r0 … r7. `raw` stays visible when smoothed.

    `names` says where its name stands: "start" or "end" above the line, "beside" its end, or "" for nowhere. `values`
    writes each value beside its point.
    """

    name: str
    look: str
    points: Points
    raw: Points = ()
    names: str = "end"
    intervals: Sequence[tuple[float, float, float]] = ()  # place, low, high
    values: bool = False


@dataclass(frozen=True, slots=True)
class Panel:
    """`share`: the values are rates from 0 to 1, written as percent. `log`: the scale is logarithmic."""

    title: str
    lines: Sequence[Line]
    height: int = 110
    log: bool = False
    share: bool = False


@dataclass(frozen=True, slots=True)
class Flag:
    """A place that stands out, and why."""

    place: float
    says: str


def draw(
    panels: Sequence[Panel],
    *,
    title: str,
    description: str,
    axis_word: str,
    width: int = 900,
    margin: int = _RIGHT,
    checkpoints: Iterable[tuple[float, str]] = (),
    best: Flag | None = None,
    ident: str = "curve",
    whole: bool = True,
    has_marks: bool = True,
) -> str:
    """An SVG element. `title` and `description` are read out to people who do not see it, so the description should say
    what the curves do.

    `checkpoints` are places with the sentence that their mark says. `ident` prefixes the ids and must be unique on the
    page; `margin` is left free on the right. NaN and infinite values are gaps. `whole`: the axis has whole numbers.
    """
    marks = sorted(set(checkpoints))
    lines = [line for panel in panels for line in panel.lines]
    places = [place for line in lines for place, _value in (*line.points, *line.raw)]
    axis = Axis(places + [place for place, _says in marks], left=_LEFT, right=width - margin, whole=whole)
    body: list[str] = []
    top = begin = _FLAGGED if best else _PLAIN
    for panel in panels:
        body += _panel(panel, axis, top + _TITLE, top + _TITLE + panel.height, has_marks=has_marks)
        top += _TITLE + panel.height + _BETWEEN
    bottom = top - _BETWEEN
    behind = list(_best_band(axis, best, begin, bottom)) if best else []
    behind += [_checkpoint(axis, place, says, begin + _TITLE, bottom) for place, says in marks]
    body += _axis(axis, bottom, axis_word)
    if best:
        body += _flag(axis, best, bottom)
    height = bottom + _BOTTOM
    name = escape(ident)
    return (
        f'<svg class="chart big" viewBox="0 0 {width} {height}" role="img" aria-labelledby="{name}-t {name}-d">'
        f'<title id="{name}-t">{escape(title)}</title><desc id="{name}-d">{escape(description)}</desc>'
        f"{''.join(behind)}{''.join(body)}</svg>"
    )


def _panel(panel: Panel, axis: Axis, top: float, bottom: float, *, has_marks: bool) -> Iterable[str]:
    drawn = [(line, downsample(line.points, _BUCKETS), downsample(line.raw, _BUCKETS)) for line in panel.lines]
    values = [value for _line, points, raw in drawn for _place, value in (*points, *raw)]
    values += [bound for line in panel.lines for _place, low, high in line.intervals for bound in (low, high)]
    count = 6 if panel.height > 150 else 4
    scale = Scale(values, top=top, bottom=bottom, log=panel.log, share=panel.share, count=count)
    yield f'<text class="b" x="{_LEFT}" y="{top - 8:.1f}">{escape(panel.title)}</text>'
    for index, tick in enumerate(scale.ticks):
        y = scale.y(tick)
        kind = "axis" if index == 0 else "grid"
        yield f'<line class="{kind}" x1="{axis.left}" x2="{axis.right}" y1="{y:.1f}" y2="{y:.1f}"/>'
        yield f'<text class="end" x="{axis.left - 8}" y="{y + 4:.1f}">{scale.says(tick)}</text>'
    for line, points, raw in drawn:
        yield _path(axis, scale, raw, f"{line.look} raw")
        yield _path(axis, scale, points, line.look)
        yield from _intervals(axis, scale, line)
        if has_marks:
            yield from _marks(axis, scale, points, line.look)
        if line.values:
            yield from _values(axis, scale, points)
    yield from _names(axis, scale, [(line, points) for line, points, _raw in drawn])


def _path(axis: Axis, scale: Scale, points: Points, look: str) -> str:
    """One path; a value that is no number ends the stroke, and the next one begins a new stroke."""
    strokes: list[str] = []
    pen_up = True
    for place, value in points:
        if not scale.has(value):
            pen_up = True
            continue
        strokes.append(f"{'M' if pen_up else 'L'}{axis.x(place):.1f} {scale.y(value):.1f}")
        pen_up = False
    return f'<path class="{escape(look)}" d="{"".join(strokes)}"/>' if len(strokes) > 1 else ""


def _marks(axis: Axis, scale: Scale, points: Points, look: str) -> Iterable[str]:
    """A square for validation, a full dot for scores, a ring for the rest: shape before colour."""
    if len(points) > _MARKED:
        return
    for place, value in points:
        if not scale.has(value):
            continue
        x, y = axis.x(place), scale.y(value)
        if look == "valid":
            yield f'<rect class="p-valid" x="{x - 4:.1f}" y="{y - 4:.1f}" width="8" height="8"/>'
        else:
            size = "4.5" if look == "score" else "2.5"
            yield f'<circle class="p-{escape(look)}" cx="{x:.1f}" cy="{y:.1f}" r="{size}"/>'


def _intervals(axis: Axis, scale: Scale, line: Line) -> Iterable[str]:
    for place, low, high in line.intervals:
        if scale.has(low) and scale.has(high):
            x, y0, y1 = axis.x(place), scale.y(high), scale.y(low)
            ends = f"M{x:.1f} {y0:.1f}V{y1:.1f}M{x - 5:.1f} {y0:.1f}h10M{x - 5:.1f} {y1:.1f}h10"
            yield f'<path class="whisk" d="{ends}"/>'


def _values(axis: Axis, scale: Scale, points: Points) -> Iterable[str]:
    for place, value in points:
        if scale.has(value):
            x, y = axis.x(place), scale.y(value)
            inside = x > axis.right - 60
            side = "m end" if inside else "m"
            text = f"{100 * value:.1f} %" if scale.share else f"{value:.3g}"
            yield f'<text class="{side}" x="{x + (-9 if inside else 9):.1f}" y="{y + 16:.1f}">{text}</text>'


def _names(axis: Axis, scale: Scale, lines: Sequence[tuple[Line, Points]]) -> Iterable[str]:
    """Each line's name beside its first or last point, turned inwards at the edge and kept apart from the others."""
    wanted: list[tuple[float, float, str, str]] = []
    for line, points in lines:
        if not line.names or not line.name:
            continue
        ordered = points if line.names == "start" else list(reversed(points))
        found = next(((place, value) for place, value in ordered if scale.has(value)), None)
        if found is not None:
            x, y = axis.x(found[0]), scale.y(found[1]) - 8
            if line.names == "beside":
                wanted.append((y + 12, x + 7, "m", line.name))
                continue
            inward = x > axis.left + (axis.right - axis.left) * 0.6
            wanted.append((y, x - 6 if inward else x + 8, "m end" if inward else "m", line.name))
    for group in _neighbours(sorted(wanted, key=lambda spot: spot[1])):
        heights = _apart([spot[0] for spot in group], scale.top + 10, scale.bottom - 4)
        for (_y, x, side, name), y in zip(group, heights, strict=True):
            yield f'<text class="{side}" x="{x:.1f}" y="{y:.1f}">{escape(name)}</text>'


def _neighbours(spots: Sequence[tuple[float, float, str, str]]) -> Iterable[list[tuple[float, float, str, str]]]:
    """Names that stand so near to each other that they could collide, from left to right, each group from the top."""
    group: list[tuple[float, float, str, str]] = []
    for spot in spots:
        if group and spot[1] - group[-1][1] > _WIDE:
            yield sorted(group)
            group = []
        group.append(spot)
    if group:
        yield sorted(group)


def _apart(heights: Sequence[float], top: float, bottom: float) -> list[float]:
    """The heights, in order, moved as little as it takes until no two are nearer than a line of text.

    Half of the way down and half of the way up, so that a crowd stays around its middle; then inside the panel.
    """
    down: list[float] = []
    for height in heights:
        down.append(max(height, down[-1] + _NEAR if down else height))
    up: list[float] = []
    for height in reversed(heights):
        up.append(min(height, up[-1] - _NEAR if up else height))
    placed: list[float] = []
    for one, other in zip(down, reversed(up), strict=True):
        placed.append(max((one + other) / 2, placed[-1] + _NEAR if placed else top))
    limit = bottom
    for place in range(len(placed) - 1, -1, -1):
        placed[place] = min(placed[place], limit)
        limit = placed[place] - _NEAR
    return placed


def _checkpoint(axis: Axis, place: float, says: str, top: float, bottom: float) -> str:
    x = axis.x(place)
    ends = f'x1="{x:.1f}" x2="{x:.1f}" y1="{top}" y2="{bottom}"'
    return f'<line class="goal" {ends}><title>{escape(says)}</title></line>'


def _best_band(axis: Axis, best: Flag, top: float, bottom: float) -> Iterable[str]:
    if math.isfinite(best.place):
        x = axis.x(best.place)
        left, right = max(axis.left, x - 22), min(axis.right, x + 22)
        yield f'<rect class="best" x="{left:.1f}" y="{top}" width="{right - left:.1f}" height="{bottom - top}"/>'


def _flag(axis: Axis, best: Flag, bottom: float) -> Iterable[str]:
    if not math.isfinite(best.place):
        return
    x = axis.x(best.place)
    wide = sum(12.5 if ord(sign) > 0x2E80 else _CHARACTER for sign in best.says) + 14
    middle = min(max(x, axis.left + wide / 2), axis.right - wide / 2)
    yield f'<line class="rule" x1="{x:.1f}" x2="{x:.1f}" y1="{_FLAGGED}" y2="{bottom}"/>'
    yield f'<rect class="flag" x="{middle - wide / 2:.1f}" y="8" width="{wide:.1f}" height="20" rx="2"/>'
    yield f'<text class="onflag mid" x="{middle:.1f}" y="22">{escape(best.says)}</text>'


def _axis(axis: Axis, bottom: float, word: str) -> Iterable[str]:
    for tick in axis.ticks:
        x = axis.x(tick)
        yield f'<line class="axis" x1="{x:.1f}" x2="{x:.1f}" y1="{bottom}" y2="{bottom + 6}"/>'
        yield f'<text class="mid" x="{x:.1f}" y="{bottom + 21}">{axis.says(tick)}</text>'
    yield f'<text class="end" x="{axis.left - 8}" y="{bottom + 21}">{escape(word)}</text>'

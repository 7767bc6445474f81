"""A few points joined by a line, such as a metric against the number of rows; drawn as text on the server.

The classes are the stylesheet's (`.chart` and what is inside it); nothing here carries a style or a colour.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from jobs_app.core.charts import ticks

_LEFT, _RIGHT, _TOP, _BOTTOM = 56, 24, 30, 34


def draw(
    points: Sequence[tuple[float, float]],
    *,
    title: str,
    description: str,
    x_word: str,
    y_word: str,
    width: int = 1000,
    height: int = 240,
) -> str:
    """An SVG element of at least one finite point; the value stands beside each."""
    ordered = sorted(points)
    xs, ys = [x for x, _ in ordered], [y for _, y in ordered]
    y_ticks = ticks(min(ys), max(ys), 5)
    low, high, last = y_ticks[0], y_ticks[-1], max([*xs, 1])

    def at(x: float, y: float) -> tuple[float, float]:
        right = _LEFT + (width - _LEFT - _RIGHT) * x / last
        return right, height - _BOTTOM - (height - _TOP - _BOTTOM) * (y - low) / (high - low)

    parts = [f'<text class="b" x="{_LEFT}" y="14">{escape(y_word)}</text>']
    for tick in y_ticks:
        _, y = at(0, tick)
        kind = "axis" if tick == low else "grid"
        parts.append(f'<line class="{kind}" x1="{_LEFT}" x2="{width - _RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>')
        parts.append(f'<text class="end" x="{_LEFT - 8}" y="{y + 4:.1f}">{tick:g}</text>')
    for x in dict.fromkeys(xs):
        place, _ = at(x, low)
        parts.append(f'<text class="mid" x="{place:.1f}" y="{height - 14}">{x:g}</text>')
    parts.append(f'<text class="end" x="{_LEFT - 8}" y="{height - 14}">n</text>')
    strokes = [at(x, y) for x, y in ordered]
    line = "L".join(f"{x:.1f} {y:.1f}" for x, y in strokes)
    parts.append(f'<path class="valid" d="M{line}"/>')
    for (x, y), value in zip(strokes, ys, strict=True):
        parts.append(f'<rect class="p-valid" x="{x - 4:.1f}" y="{y - 4:.1f}" width="8" height="8"/>')
        parts.append(f'<text class="m end" x="{x - 10:.1f}" y="{y + 16:.1f}">{value:.3f}</text>')
    return (
        f'<svg class="chart" viewBox="0 0 {width} {height}" role="img" aria-labelledby="points-t points-d">'
        f'<title id="points-t">{escape(title)}, {escape(x_word)}</title>'
        f'<desc id="points-d">{escape(description)}</desc>{"".join(parts)}</svg>'
    )

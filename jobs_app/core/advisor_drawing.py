"""The advisor's chart with the path taken: as a picture drawn on the server, and as Mermaid text.

The classes are the stylesheet's (`.chart .node` and its kin); nothing here carries a style or a colour.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from html import escape
from itertools import pairwise

from jobs_app.core.advisor import Path
from jobs_app.core.advisor_table import DECISIONS, ENDS, STEPS

Say = Callable[[str], str]

# Column and row of each station; lines run down and to the sides, and never through a box.
PLACES: dict[str, tuple[int, int]] = {
    "prompt-ok": (2, 0), "prompt": (3, 0), "new-pattern": (2, 1), "ability-lacking": (1, 2), "enough-data": (3, 2),
    "collect": (4, 2), "preference": (1, 3), "better-prompt": (0, 3), "sft": (3, 3), "dpo": (1, 4),
    "target-met": (3, 4), "deploy": (4, 4), "preference-after-sft": (3, 5), "sft-dpo": (4, 5), "redefine": (2, 5),
}  # fmt: skip
_COLUMN, _ROW, _WIDTH, _HEIGHT = 174, 82, 144, 48
_MARGIN = 4
_LINE = 17  # narrow characters that fit into one line of a box


def edges() -> Iterator[tuple[str, str, str]]:
    """(from, to, "yes", "no" or "") for every line of the chart."""
    for decision in DECISIONS.values():
        yield decision.id, decision.yes, "yes"
        yield decision.id, decision.no, "no"
    for step in STEPS.values():
        yield step.id, step.then, ""


def short_of(station: str) -> str:
    """The few words that stand in a station's box."""
    return (DECISIONS.get(station) or STEPS.get(station) or ENDS[station]).short


def picture(path: Path, *, say: Say = str, title: str, description: str, words: tuple[str, str] = ("yes", "no")) -> str:
    """An SVG element. `say` translates the boxes' words; `words` are yes and no; `description` is read out."""
    width, height = 4 * _COLUMN + _WIDTH + 2 * _MARGIN, 5 * _ROW + _HEIGHT + 2 * _MARGIN
    spoken = dict(zip(("yes", "no"), words, strict=True))
    taken = path.edges
    drawn = sorted(edges(), key=lambda edge: (edge[0], edge[1]) in taken)  # the path lies on top
    body = [_edge(a, b, spoken.get(side, ""), (a, b) in taken) for a, b, side in drawn]
    body += [_box(station, path, say) for station in PLACES]
    return (
        f'<svg class="chart big advisor" viewBox="0 0 {width} {height}" role="img" aria-labelledby="path-t path-d">'
        f'<title id="path-t">{escape(title)}</title><desc id="path-d">{escape(description)}</desc>{"".join(body)}</svg>'
    )


def mermaid(path: Path, *, say: Say = str, words: tuple[str, str] = ("yes", "no")) -> str:
    """The chart as a Mermaid flowchart; what was walked has the class `taken` and thick lines."""
    spoken = dict(zip(("yes", "no"), words, strict=True))
    lines = ["flowchart TD"]
    for station in PLACES:
        text = say(short_of(station)).replace('"', "#quot;")
        left, right = ("{", "}") if station in DECISIONS else ("[", "]") if station in STEPS else ("([", "])")
        lines.append(f'    {_ident(station)}{left}"{text}"{right}')
    taken = path.edges
    for a, b, side in edges():
        arrow = "==>" if (a, b) in taken else "-->"
        lines.append(f"    {_ident(a)} {arrow}{f'|{spoken[side]}|' if side else ''} {_ident(b)}")
    lines.append("    classDef taken stroke-width:3px")
    lines.append(f"    class {','.join(_ident(station) for station in PLACES if station in path.stations)} taken")
    return "\n".join(lines) + "\n"


def _ident(station: str) -> str:
    return station.replace("-", "_")


def _corner(station: str) -> tuple[int, int]:
    column, row = PLACES[station]
    return _MARGIN + column * _COLUMN, _MARGIN + row * _ROW


def _edge(start: str, end: str, word: str, taken: bool) -> str:
    points = _route(start, end)
    d = "M" + "L".join(f"{x} {y}" for x, y in points)
    kind = "edge taken" if taken else "edge"
    (x0, _), (x1, y1) = points[-2:]
    if x0 == x1:
        head = f"M{x1 - 4} {y1 - 6}L{x1} {y1}L{x1 + 4} {y1 - 6}"
    else:
        back = -6 if x1 > x0 else 6
        head = f"M{x1 + back} {y1 - 4}L{x1} {y1}L{x1 + back} {y1 + 4}"
    return f'<path class="{kind}" d="{d}{head}"/>{_word(points, word, taken)}'


def _route(start: str, end: str) -> list[tuple[int, int]]:
    """Straight where the boxes share a row or a column, else to the side first and then down."""
    (x, y), (to_x, to_y) = _corner(start), _corner(end)
    middle, to_middle = x + _WIDTH // 2, to_x + _WIDTH // 2
    if x == to_x:
        return [(middle, y + _HEIGHT), (middle, to_y)]
    side = x + _WIDTH if to_x > x else x
    if y == to_y:
        return [(side, y + _HEIGHT // 2), (to_x if to_x > x else to_x + _WIDTH, y + _HEIGHT // 2)]
    return [(side, y + _HEIGHT // 2), (to_middle, y + _HEIGHT // 2), (to_middle, to_y)]


def _word(points: list[tuple[int, int]], word: str, taken: bool) -> str:
    if not word:
        return ""
    (x0, y0), (x1, y1) = next(pairwise(points))
    classes = "b" if taken else "m"
    if x0 == x1:
        return f'<text class="{classes}" x="{x0 + 6}" y="{(y0 + y1) // 2 + 1}">{escape(word)}</text>'
    reach = x0 + (16 if x1 > x0 else -16)
    return f'<text class="{classes} mid" x="{reach}" y="{y0 - 6}">{escape(word)}</text>'


def _box(station: str, path: Path, say: Say) -> str:
    x, y = _corner(station)
    kind = "ask" if station in DECISIONS else "end" if station in ENDS else "step"
    open_at = path.asks.id if path.asks else path.at
    state = " now" if station in (path.at, open_at) else " taken" if station in path.stations else ""
    radius = {"ask": 4, "step": 0, "end": _HEIGHT // 2}[kind]
    lines = _wrapped(say(short_of(station)))
    first = y + _HEIGHT // 2 + 4 - 7 * (len(lines) - 1)
    text = "".join(
        f'<text class="{"b" if state else "m"} mid" x="{x + _WIDTH // 2}" y="{first + 15 * n}">{escape(line)}</text>'
        for n, line in enumerate(lines)
    )
    rect = f'<rect class="node {kind}{state}" x="{x}" y="{y}" width="{_WIDTH}" height="{_HEIGHT}" rx="{radius}"/>'
    return rect + text


def _wrapped(text: str) -> list[str]:
    """At most two lines; a Chinese character is as wide as two."""
    words = text.split(" ")
    if len(words) == 1:
        words, join = list(text), ""
    else:
        join = " "
    lines = [""]
    for word in words:
        longer = lines[-1] + (join if lines[-1] else "") + word
        if lines[-1] and _wide(longer) > _LINE and len(lines) < 2:
            lines.append(word)
        else:
            lines[-1] = longer
    return lines


def _wide(text: str) -> int:
    return sum(2 if ord(char) > 0x2E7F else 1 for char in text)

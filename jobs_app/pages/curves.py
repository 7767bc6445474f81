"""A run on the page: its curves as a person wants them, drawn, told in words, and as data for the live chart."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from ftstudio.web.texts import clauses, say, sentences
from jobs_app.core import charts, metrics
from jobs_app.core.charts import SMOOTHINGS, View
from jobs_app.services.readings import Reading

Line = Sequence[tuple[int, float]]

TABLE_BUCKETS = 20  # the table shows at most two figures of each


def labels() -> dict[str, str]:
    """The words of a chart in the reader's language."""
    return {name: say(text) for name, text in charts.LABELS.items()}


@dataclass(frozen=True, slots=True)
class Drawn:
    """The curves as a picture, and as a table for who cannot see it: `head` names the columns behind the step."""

    svg: SafeString
    head: list[str]
    rows: list[tuple[int, list[str]]]


def drawn(reading: Reading, view: View, ident: str = "curve") -> Drawn:
    svg = charts.run_chart(
        reading.series,
        title=_("Curves of %(name)s") % {"name": reading.name},
        description=in_words(reading),
        view=view,
        marks=marks_of(reading),
        checkpoints=reading.checkpoints,
        best=reading.best if len(reading.valid) > 1 else None,
        epochs=reading.epochs,
        tokens=reading.tokens,
        last_step=reading.last_step,
        ident=ident,
        labels=labels(),
    )
    return Drawn(mark_safe(svg), *_table(reading))


def in_words(reading: Reading) -> str:
    """What the picture shows, for who hears it."""
    said = line_in_words(reading.train, reading.valid)
    if reading.best is not None and len(reading.valid) > 1:
        said = sentences(said, _("It is lowest at step %(step)d.") % {"step": reading.best})
    if reading.marks:
        spots = [f"{mark.step}: {100 * mark.value:.1f} %" for mark in reading.marks]
        figures = {"metric": say(reading.marks[0].label), "spots": clauses(spots)}
        said = sentences(said, _("%(metric)s by step: %(spots)s.") % figures)
    return said


def marks_of(reading: Reading) -> list[charts.Mark]:
    """The marks, with the name of the metric in the reader's language."""
    return [replace(mark, label=say(mark.label)) for mark in reading.marks]


def line_in_words(train: Line, valid: Line) -> str:
    if not train and not valid:
        return _("No figures have been reported yet.")
    said = ""
    if train:
        said = _("Training loss goes from %(first).2f to %(last).2f over %(steps)d steps.") % {
            "first": train[0][1],
            "last": train[-1][1],
            "steps": train[-1][0],
        }
    if not valid:
        return said
    more = ngettext(
        "Validation loss was measured once, at %(last).2f.",
        "Validation loss was measured %(n)d times and ends at %(last).2f.",
        len(valid),
    )
    return sentences(said, more % {"n": len(valid), "last": valid[-1][1]})


def live(reading: Reading, view: View) -> list[dict[str, Any]]:
    """The panels as data for the live chart, figures that are no number as None."""
    at = metrics.position(reading.series, view.by, last_step=reading.last_step, epochs=reading.epochs)
    panels = charts.panels_of(reading.series, view, at or float, marks_of(reading), labels())

    def plain(points: Sequence[tuple[float, float]]) -> list[list[float | None]]:
        kept = metrics.downsample(points, 400)
        return [
            [place, value if math.isfinite(value) and (value > 0 or not view.log) else None] for place, value in kept
        ]

    return [
        {
            "title": panel.title,
            "height": panel.height,
            "log": panel.log,
            "share": panel.share,
            "lines": [
                {"name": line.name, "look": line.look, "points": plain(line.points), "raw": plain(line.raw)}
                for line in panel.lines
                if line.points
            ],
        }
        for panel in panels
    ]


@dataclass(frozen=True, slots=True)
class Choice:
    word: str
    href: str
    current: bool


def controls(view: View, *, can: Mapping[str, bool], fixed: str = "") -> list[tuple[str, list[Choice]]]:
    """The links that draw the curves another way. `can` says of each axis whether the run can be drawn by it; `fixed`
    is what of the address stays."""

    def link(word: str, current: bool, **changes: Any) -> Choice:
        return Choice(word, "?" + "&".join(part for part in (fixed, view.query(**changes)) if part), current)

    axes = {"step": _("steps"), "epoch": _("epochs"), "tokens": _("tokens")}
    groups = [
        (_("Scale"), [link(_("linear"), not view.log, log=False), link(_("logarithmic"), view.log, log=True)]),
        (
            _("Smoothing"),
            [
                link(_("none") if not factor else f"{factor:g}", view.smooth == factor, smooth=factor)
                for factor in SMOOTHINGS
            ],
        ),
    ]
    usable = [axis for axis in axes if axis == metrics.STEP or can.get(axis)]
    if len(usable) > 1:
        groups.append((_("Axis"), [link(axes[axis], view.by == axis, by=axis) for axis in usable]))
    return groups


def axis_word(reading: Reading, view: View) -> str:
    """What the axis counts: a run that does not say how its steps stand on the one asked for is drawn by step."""
    return labels()[view.by if axes_of(reading)[view.by] else metrics.STEP]


def axes_of(reading: Reading) -> dict[str, bool]:
    """By what the run can be drawn."""
    found = {}
    for axis in metrics.AXES:
        at = metrics.position(
            reading.series, axis, last_step=reading.last_step, epochs=reading.epochs, tokens=reading.tokens
        )
        found[axis] = at is not None
    return found


def _table(reading: Reading) -> tuple[list[str], list[tuple[int, list[str]]]]:
    columns: list[tuple[str, Line]] = [
        (_("Training loss"), reading.train),
        (_("Validation loss"), reading.valid),
        (_("Training accuracy"), metrics.accuracy(reading.series, "train")),
        (_("Validation accuracy"), metrics.accuracy(reading.series, "valid")),
        (_("Learning rate"), reading.series.get("learning_rate", [])),
        (_("Gradient norm"), reading.series.get("grad_norm", [])),
    ]
    columns = [column for place, column in enumerate(columns) if column[1] or place < 2]
    by_step: dict[int, list[str]] = {}
    for place, (_word, line) in enumerate(columns):
        for step, value in metrics.downsample(line, TABLE_BUCKETS):
            cells = by_step.setdefault(step, [""] * len(columns))
            cells[place] = f"{value:.4g}" if math.isfinite(value) else "–"
    return [word for word, _line in columns], sorted(by_step.items())

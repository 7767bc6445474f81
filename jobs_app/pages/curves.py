"""A run on the page: its curves as a person wants them, its verdict with the numbers behind it, what to try next."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from ftstudio.web.texts import clauses, say, sentences
from jobs_app.core import charts, metrics, verdicts
from jobs_app.core.charts import SMOOTHINGS, View
from jobs_app.models import Checkpoint, ModelVersion
from jobs_app.services.readings import Reading, proposals_of

Line = Sequence[tuple[int, float]]

TABLE_BUCKETS = 20  # the table shows at most two figures of each
SHOWN_POINTS = 8
TONES = {
    "diverged": "error",
    "overfit": "warning",
    "onset": "warning",
    "conflict": "warning",
    "underfit-epochs": "warning",
    "underfit-rate": "warning",
    "converged": "ok",
}


def tone_of(verdict: verdicts.Verdict) -> str:
    """The tone of its panel: whatever is only suspected or cannot be told stays a hint."""
    return "hint" if verdict.suspected else TONES.get(verdict.kind, "hint")


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


@dataclass(frozen=True, slots=True)
class Evidence:
    """One number behind a verdict, as the page shows it."""

    label: str
    value: str
    counts: str
    met: bool | None
    series: str
    points: str


def evidence_of(verdict: verdicts.Verdict) -> list[Evidence]:
    """The numbers that the verdict rests on, and the points that they rest on."""
    rows = []
    for measure in verdict.measures:
        bound = "" if measure.threshold is None else f"{measure.sign} {_figure(measure.threshold, measure.unit)}"
        rows.append(
            Evidence(
                say(measure.label),
                _figure(measure.value, measure.unit),
                bound,
                measure.met,
                _series_word(measure.series),
                _points(measure),
            )
        )
    return rows


@dataclass(frozen=True, slots=True)
class Saved:
    """A checkpoint in the table: whether it is the one with the lowest loss, its model version, once registered, and
    what an evaluation says of it, with whether it is the best by that."""

    checkpoint: Checkpoint
    is_best: bool
    version: ModelVersion | None
    mark: charts.Mark | None = None
    is_top: bool = False


def checkpoints_of(reading: Reading) -> list[Saved]:
    """A job's checkpoints; the best is the one with the lowest validation loss of its own or of its step."""
    rows = list(reading.row.checkpoints.order_by("step", "pk"))
    valid = dict(reading.valid)
    losses = [(loss, row.step) for row in rows if (loss := row.valid_loss or valid.get(row.step)) is not None]
    best = min(losses)[1] if len(losses) > 1 else None
    registered = {version.model: version for version in reading.row.model_versions.all()} if rows else {}
    marks = {mark.step: mark for mark in reading.marks}
    top = top_of(reading)
    return [
        Saved(
            row, row.step == best, registered.get(row.model), marks.get(row.step), top is not None and row.step == top
        )
        for row in rows
    ]


def top_of(reading: Reading) -> int | None:
    """The step that is best by the task's own metric, the earliest of equals; None before two were measured."""
    if len(reading.marks) < 2:
        return None
    return max(reading.marks, key=lambda mark: (mark.value, -mark.step)).step


def preferred(rows: Sequence[Saved], reading: Reading) -> Saved | None:
    """The checkpoint to use: the best by the task where that was measured, else the one with the lowest loss."""
    by_task = top_of(reading) is not None
    return next((row for row in rows if (row.is_top if by_task else row.is_best)), None)


def measured_of(reading: Reading) -> dict[str, Any] | None:
    """The evaluation that the marks are from, its metric, and the mark of the final model where it stands alone."""
    marked = reading.marked
    if marked is None:
        return None
    return {
        "evaluation": marked.evaluation, "number": marked.number, "metric": say(marks_of(reading)[0].label),
        "side": marked.side, "top": top_of(reading),
        "rest": [mark for mark in reading.marks if mark.step not in reading.checkpoints],
    }  # fmt: skip


def judged(reading: Reading) -> dict[str, Any]:
    """What the page's verdict panel and the one about the next run need."""
    verdict = reading.verdict
    if verdict is None:
        return {"verdict": None, "tone": "", "evidence": [], "proposals": [], "stop": None}
    return {
        "verdict": verdict,
        "tone": tone_of(verdict),
        "evidence": evidence_of(verdict),
        "series_word": _series_word(verdict.series),
        "proposals": proposals_of(reading),
        "stop": reading.stop,
    }


def _series_word(name: str) -> str:
    words = {
        "train_loss": _("training loss"),
        "valid_loss": _("validation loss"),
        "full_valid_loss": _("loss on the whole validation set"),
        "score": _("task metric"),
    }
    return words.get(name, name)


def _figure(value: float | None, unit: str) -> str:
    if value is None:
        return "–"
    if unit == "%":
        return f"{value:.1f} %"
    if unit == "nats":
        return f"{value:.3f}"
    return f"{value:g}" if float(value).is_integer() or abs(value) >= 100 else f"{value:.2f}"


def _points(measure: verdicts.Measure) -> str:
    """“step 15: 0.500, step 25: 0.630”; of many points the last ones."""
    percent = measure.series == "score"
    shown = [
        _("step %(step)d: %(value)s") % {"step": step, "value": f"{100 * value:.1f} %" if percent else f"{value:.3f}"}
        for step, value in measure.points[-SHOWN_POINTS:]
    ]
    left = len(measure.points) - len(shown)
    if left > 0:
        shown.insert(0, ngettext("%(n)d point before", "%(n)d points before", left) % {"n": left})
    return clauses(shown)


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

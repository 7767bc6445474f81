"""The chart of one run: loss, what the task says, accuracy, learning rate and gradient norm, where they are known."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from ftstudio.errors import Text
from jobs_app.core import metrics

from .drawing import Flag, Line, Panel, draw
from .view import PLAIN, View

LABELS: Mapping[str, Text] = {
    "loss": Text("Loss"),
    "step": Text("step"),
    "epoch": Text("epoch"),
    "tokens": Text("tokens"),
    "train": Text("training"),
    "valid": Text("validation"),
    "checkpoint": Text("checkpoint"),
    "accuracy": Text("Token accuracy"),
    "rate": Text("Learning rate"),
    "norm": Text("Gradient norm"),
    "score": Text("Contract compliance"),
    "log": Text("logarithmic"),
    "smoothed": Text("smoothed"),
    "best-loss": Text("lowest validation loss"),
    "best-score": Text("best by the task’s metric"),
    "validation-loss": Text("Validation loss"),
    "training-loss": Text("Training loss"),
}
_FEWEST = 10  # points; a shorter line is never smoothed


@dataclass(frozen=True, slots=True)
class Mark:
    """What the task says of the checkpoint at `step`: a rate from 0 to 1, with its interval, and over `n` cases, where
    that is known. `label` names the metric."""

    step: int
    value: float
    label: str = ""
    low: float | None = None
    high: float | None = None
    n: int | None = None


def run_chart(
    series: metrics.Series,
    *,
    title: str,
    description: str,
    view: View = PLAIN,
    marks: Sequence[Mark] = (),
    checkpoints: Iterable[int] = (),
    best: int | None = None,
    epochs: float | None = None,
    tokens: float | None = None,
    last_step: int = 0,
    ident: str = "curve",
    labels: Mapping[str, str] = LABELS,
) -> str:
    """An SVG element with the figures of `metrics.series(…)`, one panel under the other over one axis.

    `marks` draws the task's own metric over the same axis and flags its best step; without them `best` is flagged as
    the step with the lowest validation loss. `epochs`, `tokens` and `last_step` as in `metrics.position`; a view by
    something the run does not say is drawn by step.
    """
    at = metrics.position(series, view.by, last_step=last_step, epochs=epochs, tokens=tokens)
    by = view.by if at is not None else metrics.STEP
    place: Callable[[float], float] = at or float
    panels = panels_of(series, view, place, marks, labels)
    flag = None
    if marks:
        top = max(marks, key=lambda mark: (mark.value, -mark.step))
        flag = Flag(place(top.step), labels["best-score"])
    elif best is not None:
        flag = Flag(place(best), labels["best-loss"])
    return draw(
        panels,
        title=title,
        description=description,
        axis_word=labels[by],
        checkpoints=[(place(step), f"{labels['checkpoint']} {step}") for step in sorted(set(checkpoints))],
        best=flag,
        ident=ident,
        whole=by != "epoch",
    )


def panels_of(
    series: metrics.Series,
    view: View,
    place: Callable[[float], float],
    marks: Sequence[Mark],
    labels: Mapping[str, str],
) -> list[Panel]:
    """The panels of a run, loss first. There is always one for the loss."""

    def line(points: Sequence[tuple[int, float]], look: str, *, exact: bool = False, named: bool = True) -> Line:
        word = labels["train" if look == "train" else "valid"]
        names = ("start" if look == "train" else "end") if named else ""
        return made(points, look, word, names, view, place, labels, exact=exact)

    exact = metrics.validation_name(series) == "full_valid_loss"
    loss = [line(series.get("train_loss", ()), "train"), line(metrics.validation(series), "valid", exact=exact)]
    panels = [Panel(titled(labels["loss"], view, labels), loss, 230, log=view.log)]
    if marks:
        spots = [(place(mark.step), mark.value) for mark in marks]
        bounds = [(place(m.step), m.low, m.high) for m in marks if m.low is not None and m.high is not None]
        name = next((mark.label for mark in marks if mark.label), "")
        score = Line(name, "score", spots, names="", intervals=bounds, values=True)
        panels.append(Panel(name or labels["score"], [score], 120, share=True))
    accuracy = [metrics.accuracy(series, "train"), metrics.accuracy(series, "valid")]
    if any(accuracy):
        both = [
            line(accuracy[0], "train"),
            line(accuracy[1], "valid", exact="full_valid_mean_token_accuracy" in series),
        ]
        panels.append(Panel(_smoothed(labels["accuracy"], both, view, labels), both, share=True))
    for name, word in (("learning_rate", "rate"), ("grad_norm", "norm")):
        if series.get(name):
            exact = name == "learning_rate"
            only = made(series[name], "train", "", "", view, place, labels, exact=exact)
            heading = _smoothed(titled(labels[word], view, labels), [only], view, labels)
            panels.append(Panel(heading, [only], 90, log=view.log))
    return panels


def made(
    points: Sequence[tuple[int, float]],
    look: str,
    word: str,
    names: str,
    view: View,
    place: Callable[[float], float],
    labels: Mapping[str, str],
    *,
    exact: bool = False,
) -> Line:
    """A line as the view wants it. `exact` lines are never smoothed; a smoothed one says so with its factor."""
    spots = [(place(step), value) for step, value in points]
    if not view.smooth or exact or len(spots) < _FEWEST:
        return Line(word, look, spots, names=names)
    said = f"{word} {labels['smoothed']} {view.smooth:g}".strip()
    return Line(said, look, metrics.smooth(spots, view.smooth), raw=spots, names=names)


def _smoothed(word: str, lines: Sequence[Line], view: View, labels: Mapping[str, str]) -> str:
    """The heading of a panel whose lines have no names to say that they are smoothed."""
    return f"{word}, {labels['smoothed']} {view.smooth:g}" if any(line.raw for line in lines) else word


def titled(word: str, view: View, labels: Mapping[str, str]) -> str:
    return f"{word} ({labels['log']})" if view.log else word

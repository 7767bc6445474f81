"""Several runs over one axis. Each has a letter and a stroke of its own: nobody needs to tell colours apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from jobs_app.core import metrics

from .drawing import Panel, draw
from .run import LABELS, made, titled
from .view import PLAIN, View

MOST_RUNS = 8
LETTERS = "ABCDEFGH"


@dataclass(frozen=True, slots=True)
class Overlaid:
    """One of the runs; the totals as in `metrics.position`."""

    series: metrics.Series
    last_step: int = 0
    epochs: float | None = None
    tokens: float | None = None


def overlay_chart(
    runs: Sequence[Overlaid],
    *,
    title: str,
    description: str,
    view: View = PLAIN,
    ident: str = "overlay",
    labels: Mapping[str, str] = LABELS,
) -> str:
    """Validation loss, training loss, accuracy and learning rate of up to eight runs, each where one has it.

    The n-th run is called by the n-th of `LETTERS` and drawn in the stroke r0 … r7. By something that one of the runs
    does not say, all are drawn by step.
    """
    if len(runs) > MOST_RUNS:
        raise ValueError(f"at most {MOST_RUNS} runs fit on one chart")
    places = [
        metrics.position(run.series, view.by, last_step=run.last_step, epochs=run.epochs, tokens=run.tokens)
        for run in runs
    ]
    by = view.by if all(places) else metrics.STEP
    panels = []
    for word, name, height, share in _PANELS:
        lines = []
        for index, run in enumerate(runs):
            points, exact = _points(run.series, name)
            place = places[index] if by == view.by else None
            if points:
                at = place or float
                lines.append(made(points, f"r{index}", LETTERS[index], "beside", view, at, labels, exact=exact))
        if lines:
            heading = labels[word] if share else titled(labels[word], view, labels)
            panels.append(Panel(heading, lines, height, log=view.log and not share, share=share))
    if not panels:
        panels.append(Panel(labels["loss"], [], 160))
    return draw(
        panels,
        title=title,
        description=description,
        axis_word=labels[by],
        width=1200,
        margin=30,
        ident=ident,
        whole=by != "epoch",
    )


_PANELS = (
    ("validation-loss", "valid", 190, False),
    ("training-loss", "train_loss", 190, False),
    ("accuracy", "accuracy", 110, True),
    ("rate", "learning_rate", 90, False),
)


def _points(series: metrics.Series, name: str) -> tuple[Sequence[tuple[int, float]], bool]:
    """The points, and whether they are never smoothed."""
    if name == "valid":
        return metrics.validation(series), metrics.validation_name(series) == "full_valid_loss"
    if name == "accuracy":
        return metrics.accuracy(series, "valid") or metrics.accuracy(series, "train"), False
    return series.get(name, ()), name == "learning_rate"

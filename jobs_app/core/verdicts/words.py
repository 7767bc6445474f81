"""The words of a verdict, and the evidence it comes with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ftstudio.errors import Text

Points = tuple[tuple[int, float], ...]


@dataclass(frozen=True, slots=True)
class Measure:
    """One thing that was looked at: what it is, what came out, and from when on it counts.

    `value` and `threshold` are in `unit` ("%", "nats" or "" for a plain number); `sign` (">" or "<") says which side of
    the threshold counts, and `met` whether it did. `points` are those that the value rests on; `series` their curve.
    """

    name: str
    label: Text
    value: float | None
    unit: str = ""
    sign: str = ""
    threshold: float | None = None
    met: bool | None = None
    series: str = ""
    points: Points = ()


@dataclass(frozen=True, slots=True)
class Verdict:
    """First the word, then why, then what to do. `grade` is the evidence, "E0" to "E3"; `kind` one of `KINDS`.

    `suspected`: the evidence is too thin for the word without that prefix. `measures` are the numbers it rests on,
    `hints` rules of thumb that decide nothing. `best` is the step with the lowest validation loss, `prefer` the one to
    take when the task's own metric says otherwise. `missing` says what would settle it.
    """

    kind: str
    word: Text
    why: Text
    advice: Text
    grade: str
    suspected: bool = False
    measures: tuple[Measure, ...] = ()
    hints: tuple[Text, ...] = ()
    series: str = ""
    best: int | None = None
    prefer: int | None = None
    missing: Text | None = None


CANNOT = Text("Cannot tell")
WORDS: Mapping[str, Text] = {
    "diverged": Text("Diverged"),
    "overfit": Text("Overfit"),
    "onset": Text("Overfit onset"),
    "conflict": Text("Loss/metric conflict"),
    "noisy": Text("Noisy"),
    "underfit-epochs": Text("Underfit"),
    "underfit-rate": Text("Underfit"),
    "converged": Text("Converged"),
    "unclear": CANNOT,
}
SUSPECTED: Mapping[str, Text] = {
    "overfit": Text("Suspected overfit"),
    "onset": Text("Suspected overfit onset"),
    "conflict": Text("Suspected loss/metric conflict"),
    "noisy": CANNOT,  # a few points that go up and down say nothing yet
    "underfit-epochs": Text("Suspected underfit"),
    "underfit-rate": Text("Suspected underfit"),
    "converged": Text("Suspected convergence"),
    "unclear": CANNOT,
}
KINDS = tuple(WORDS)
ADVICE: Mapping[str, Text] = {
    "diverged": Text(
        "Cut the learning rate to a third or a tenth, warm up longer, and look for broken rows in the data."
    ),
    "overfit": Text(
        "Use the checkpoint with the lowest validation loss, and look at what it does on the task. Next time halve the "
        "learning rate or add data."
    ),
    "onset": Text("Use the checkpoint with the lowest validation loss, or train one epoch less."),
    "conflict": Text("Choose by the task's own metric; loss is only its stand-in."),
    "noisy": Text("Set more rows aside for validation."),
    "underfit-epochs": Text("Train one or two epochs more: the loss still falls fast."),
    "underfit-rate": Text("Double the learning rate: the loss falls, but slowly, after many passes."),
    "converged": Text("Keep this model; an earlier checkpoint of equal loss is just as good."),
    "unclear": Text("Compare the checkpoints on cases of the task itself."),
    "more": Text("Set at least 20 rows aside for validation and measure on them at least four times."),
}

"""Which pattern the losses of a run follow, with every number that was looked at."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from ftstudio.errors import Text

from . import criteria
from .criteria import Line
from .grades import ENOUGH_POINTS
from .words import Measure

FLAT = 0.01  # relative change per evaluation
FAST = 0.05
RISEN = 2.0  # percent of generalisation loss that are an onset
FAR = 5.0  # and that are overfit, where they come twice
OVERLAP = 1.96 * math.sqrt(2)  # standard errors between two evaluations whose 95 % intervals just touch
FEW_PASSES = 5
MOST_PASSES = 10


@dataclass(frozen=True, slots=True)
class Pattern:
    """`kind` is one of `words.KINDS` without "diverged" and "conflict"."""

    kind: str
    why: Text
    measures: tuple[Measure, ...]


def diverged(train: Line, valid: Line, series: str) -> Pattern | None:
    """A loss that is no number any more, or a smoothed training loss 1.5 times as high as it began."""
    for name, line in (("train_loss", train), (series, valid)):
        for step, value in line:
            if not math.isfinite(value):
                what = Text("Loss that is no number")
                measure = Measure("not-a-number", what, None, met=True, series=name, points=((step, value),))
                why = Text("The loss stopped being a number at step {step}.", step=step)
                return Pattern("diverged", why, (measure,))
    smoothed = criteria.ends(train)
    if smoothed is None or smoothed[0] <= 0:
        return None
    first, last = smoothed
    measure = Measure(
        "climb", Text("Smoothed training loss at the end, times its first value"), last / first, "", ">", 1.5,
        last > 1.5 * first, "train_loss", (train[0], train[-1]),
    )  # fmt: skip
    if not measure.met:
        return None
    return Pattern(
        "diverged", Text("Training loss rose from {first:.2f} to {last:.2f}.", first=first, last=last), (measure,)
    )


def pattern(
    train: Line, valid: Line, *, series: str, epochs: float | None, examples: Mapping[int, Sequence[float]] | None
) -> Pattern:
    """The pattern of two validation points at least, all losses finite. `examples` only where the grade is E3."""
    look = _Look(train, valid, series, examples)
    kind, why = look.kind(epochs)
    return Pattern(kind, why, look.measures())


class _Look:
    """The curve with its figures, each worked out once."""

    def __init__(
        self, train: Line, valid: Line, series: str, examples: Mapping[int, Sequence[float]] | None = None
    ) -> None:
        self.valid, self.series = valid, series
        self.values = values = [value for _step, value in valid]
        self.lowest = min(values)
        self.at = values.index(self.lowest)
        self.last = values[-1]
        self.rise = self.last - self.lowest
        self.losses = criteria.generalisation_losses(values)
        self.far = [place for place in range(self.at + 1, len(values)) if self.losses[place] > FAR]
        self.strip = criteria.strip_of(len(values))
        self.up = criteria.successive_rises(values, self.strip)
        self.turns = criteria.turns(values)
        self.scatter = criteria.scatter(values)
        self.error = criteria.scatter(values[self.at :])
        self.trained = criteria.at_evaluations(train, valid)
        self.falling = criteria.is_falling(train)
        self.train_change = criteria.change([value for _step, value in self.trained])
        self.change = criteria.change(values)
        self.quotient = criteria.quotient(self.losses[-1], [value for _step, value in self.trained[-criteria.STRIP :]])
        self.each: tuple[float, float, float] | None = None
        if examples:
            self._ask_each_row(examples)
        self.bar = criteria.noticeable(self.error)

    def _ask_each_row(self, examples: Mapping[int, Sequence[float]]) -> None:
        """The rise row by row, between the lowest and the last evaluation that have the losses of the rows."""
        known = [(step, value) for step, value in self.valid if step in examples]
        best = criteria.best_step(known) or known[0][0]
        self.each = criteria.rise_of_each(examples[best], examples[known[-1][0]])
        differences = [now - then for then, now in zip(examples[best], examples[known[-1][0]], strict=True)]
        mean, n = criteria.mean(differences), len(differences)
        self.error = math.sqrt(sum((value - mean) ** 2 for value in differences) / (n - 1) / n)

    @property
    def rises(self) -> bool:
        return self.rise > self.bar and (self.each is None or self.each[1] > 0)

    @property
    def is_noisy(self) -> bool:
        """Up and down in more than half of the steps, and last and lowest lie within each other's intervals."""
        if len(self.values) < ENOUGH_POINTS or self.turns <= (len(self.values) - 1) / 2:
            return False
        wide = self.scatter > max(criteria.NOTICEABLE, FLAT * median(self.values))
        return wide and self.rise <= OVERLAP * self.scatter

    def kind(self, epochs: float | None) -> tuple[str, Text]:
        figures: dict[str, object] = {"lowest": self.lowest, "step": self.valid[self.at][0], "last": self.last}
        rose = Text("Validation loss was lowest at step {step} ({lowest:.2f}) and is {last:.2f} now.", **figures)
        if self.is_noisy:
            return "noisy", Text(
                "Validation loss went up and down {turns} times in {n} points.", turns=self.turns, n=len(self.values)
            )
        high = self.losses[-1] > RISEN or self.up >= 2
        if self.falling and self.rises and len(self.far) > 1 and self.losses[-1] > RISEN:
            return "overfit", rose
        if self.falling and self.rises and high:
            return "onset", rose
        if self.change is not None and self.train_change is not None:
            if self.change < -FLAT and self.train_change < -FLAT:
                slow = epochs is not None and (epochs >= MOST_PASSES or (epochs >= FEW_PASSES and self.change > -FAST))
                why = Text("Training and validation loss were both still falling at the end.")
                return ("underfit-rate" if slow else "underfit-epochs"), why
            if abs(self.change) <= FLAT and abs(self.train_change) <= FLAT and self.losses[-1] <= RISEN:
                return "converged", self._settled()
        return "unclear", self._unclear(rose, high)

    def _settled(self) -> Text:
        equal = next(step for step, value in self.valid if value <= self.lowest + self.bar)
        if equal == self.valid[-1][0]:
            return Text("Validation loss has settled at {last:.2f}.", last=self.last)
        return Text(
            "Validation loss has settled at {last:.2f}; from step {step} on it is the same within its scatter.",
            last=self.last,
            step=equal,
        )

    def _unclear(self, rose: Text, high: bool) -> Text:
        if high and self.each is not None and self.each[1] <= 0:
            return Text(
                "{why} Row by row that may be chance: the 95 % interval of the rise goes from {low:.3f} to {high:.3f}.",
                why=rose, low=self.each[1], high=self.each[2],
            )  # fmt: skip
        if high and not self.rises:
            return Text("{why} That is no more than its scatter ({bar:.3f}).", why=rose, bar=self.bar)
        if high and not self.falling:
            return Text("{why} But training loss does not fall, so this is not learning by heart.", why=rose)
        if self.change is not None and abs(self.change) <= FLAT and self.falling:
            return Text(
                "Validation loss has settled at {last:.2f} while training loss still falls: nothing more is gained, "
                "and overfit may come next.",
                last=self.last,
            )
        return Text("The curves follow none of the known patterns.")

    def measures(self) -> tuple[Measure, ...]:
        best, last = self.valid[self.at], self.valid[-1]
        ends = tuple(dict.fromkeys((best, last)))
        recent = tuple(self.valid[-max(2, math.ceil(len(self.valid) / 3)) :])
        after = tuple(self.valid[place] for place in self.far)
        name = self.series
        found = [
            Measure("rise", Text("Rise of the last validation loss over the lowest"), self.rise, "nats", ">",
                    self.bar, self.rise > self.bar, name, ends),
            Measure("gl", Text("Generalisation loss now"), self.losses[-1], "%", ">", RISEN,
                    self.losses[-1] > RISEN, name, ends),
            Measure("gl-times", Text("Evaluations since the lowest with a generalisation loss above 5 %"),
                    len(self.far), "", ">", 1, len(self.far) > 1, name, after),
            Measure("up", Text("Successive rises at the end, in strips of {n}", n=self.strip), self.up, "", ">", 1,
                    self.up > 1, name, tuple(self.valid[-1 - self.up * self.strip :: self.strip])),
            Measure("turns", Text("Changes between falling and rising"), self.turns, "", ">",
                    (len(self.values) - 1) / 2, self.turns > (len(self.values) - 1) / 2, name, tuple(self.valid)),
        ]  # fmt: skip
        if self.each is not None:
            label = Text("Rise row by row, lower end of its 95 % interval")
            found.insert(1, Measure("each", label, self.each[1], "nats", ">", 0.0, self.each[1] > 0, name, ends))
        for key, label, change, line, series in (
            ("train-change", Text("Change of training loss per evaluation, last third"), self.train_change,
             tuple(self.trained[-max(2, math.ceil(len(self.trained) / 3)) :]), "train_loss"),
            ("valid-change", Text("Change of validation loss per evaluation, last third"), self.change, recent, name),
        ):  # fmt: skip
            if change is not None:
                found.append(Measure(key, label, 100 * change, "%", "<", -100 * FLAT, change < -FLAT, series, line))
        if math.isfinite(self.quotient) and self.quotient > 0:
            found.append(
                Measure("pq", Text("Generalisation loss per progress of training"), self.quotient, series=name)
            )
        return tuple(found)

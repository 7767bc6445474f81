"""What the curves of a run allow to be said, and no more than that.

Evidence comes first. E0: no validation loss, so only hints. E1: fewer than 4 validation points or fewer than 20
validation rows, so at most a suspicion. E2: enough of both. (E3, with the loss of every example, needs a local
trainer.) A curve alone never stops a job: these are sentences for people. The rules follow Prechelt's words
(generalisation loss, successive rises); the thresholds are this product's own.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from ftstudio.errors import Text

Line = Sequence[tuple[int, float]]

ENOUGH_POINTS = 4
ENOUGH_ROWS = 20
NOTICEABLE = 0.01  # nats: a smaller rise may be noise at any loss level
FLAT = 0.01  # relative change per evaluation


@dataclass(frozen=True, slots=True)
class Verdict:
    """First the word, then why, then what to do. `grade` is the evidence: "E0", "E1" or "E2"."""

    word: Text
    why: Text
    advice: Text
    grade: str


def grade(valid: Line, validation_rows: int) -> str:
    """How much the validation loss can carry."""
    if not valid:
        return "E0"
    return "E2" if len(valid) >= ENOUGH_POINTS and validation_rows >= ENOUGH_ROWS else "E1"


def judge(
    *,
    train: Line,
    valid: Line,
    validation_rows: int,
    epochs: float | None = None,
    token_accuracy: float | None = None,
) -> Verdict:
    """The verdict over a run's training and validation loss, each as (step, loss) in the order of the steps.

    `validation_rows` is the size of the validation split, `epochs` how often every row was shown, `token_accuracy`
    the last training token accuracy (0 to 1).
    """
    evidence = grade(valid, validation_rows)
    if diverged := _diverged(train, valid):
        return Verdict(Text("Diverged"), diverged, _DIVERGED, evidence)
    if evidence == "E0":
        return _without_validation(train, epochs, token_accuracy)
    if len(valid) < 2:
        return Verdict(_CANNOT, Text("One validation point is no curve."), _MEASURE_MORE, evidence)
    kind, why = _kind(train, [value for _, value in valid], valid)
    if evidence == "E1":
        return Verdict(_SUSPECTED[kind], _doubt(why, valid, validation_rows), _ADVICE[kind], evidence)
    return Verdict(_WORDS[kind], why, _ADVICE[kind], evidence)


def best_step(valid: Line) -> int | None:
    """The step with the lowest validation loss, the earliest of equals; None without a finite value."""
    finite = [(value, step) for step, value in valid if math.isfinite(value)]
    return min(finite)[1] if finite else None


_CANNOT = Text("Cannot tell")
_DIVERGED = Text("Cut the learning rate to a third or a tenth, warm up longer, and look for broken rows in the data.")
_MEASURE_MORE = Text("Set at least 20 rows aside for validation and measure on them at least four times.")
_WORDS = {
    "overfit": Text("Overfit"),
    "onset": Text("Overfit onset"),
    "noisy": Text("Noisy"),
    "underfit": Text("Underfit"),
    "converged": Text("Converged"),
    "unclear": _CANNOT,
}
_SUSPECTED = {
    "overfit": Text("Suspected overfit"),
    "onset": Text("Suspected overfit onset"),
    "noisy": _CANNOT,
    "underfit": Text("Suspected underfit"),
    "converged": Text("Suspected convergence"),
    "unclear": _CANNOT,
}
_ADVICE = {
    "overfit": Text("Use the checkpoint with the lowest validation loss; halve the learning rate or add data."),
    "onset": Text("Use the checkpoint with the lowest validation loss, or train one epoch less."),
    "noisy": Text("Set more rows aside for validation."),
    "underfit": Text("Train one or two epochs more, or double the learning rate."),
    "converged": Text("Keep this model; an earlier checkpoint of equal loss is just as good."),
    "unclear": Text("Compare the checkpoints on cases of the task itself."),
}


def _diverged(train: Line, valid: Line) -> Text | None:
    for line in (train, valid):
        for step, value in line:
            if not math.isfinite(value):
                return Text("The loss stopped being a number at step {step}.", step=step)
    values = [value for _, value in train]
    if len(values) < 3:
        return None
    window = max(1, len(values) // 10)
    first, last = sum(values[:window]) / window, sum(values[-window:]) / window
    if first > 0 and last > 1.5 * first:
        return Text("Training loss rose from {first:.2f} to {last:.2f}.", first=first, last=last)
    return None


def _without_validation(train: Line, epochs: float | None, token_accuracy: float | None) -> Verdict:
    """No validation loss: the honest answer is that nobody can tell. Rules of thumb are offered as weak hints."""
    why = Text("There is no validation loss, and training loss alone falls in good and bad runs alike.")
    last = train[-1][1] if train else None
    if last is not None and last < 0.2:
        why = Text(
            "There is no validation loss. A weak hint: a training loss of {last:.2f} can mean that rows were learned "
            "by heart.",
            last=last,
        )
    elif epochs is not None and epochs > 10:
        why = Text(
            "There is no validation loss. A weak hint: after {epochs:.0f} passes over the same rows, some are likely "
            "to be learned by heart.",
            epochs=epochs,
        )
    elif token_accuracy is not None and token_accuracy > 0.99:
        why = Text(
            "There is no validation loss. A weak hint: {share:.1f} % of the training tokens are predicted right, "
            "which can mean that rows were learned by heart.",
            share=token_accuracy * 100,
        )
    return Verdict(_CANNOT, why, _MEASURE_MORE, "E0")


def _kind(train: Line, values: list[float], valid: Line) -> tuple[str, Text]:
    """Which pattern the validation losses follow, and the sentence with its figures."""
    losses = [100 * (value / lowest - 1) if lowest > 0 else 0.0 for value, lowest in _with_lowest(values)]
    lowest, last = min(values), values[-1]
    rise = last - lowest
    falling = _falling(train)
    figures: dict[str, object] = {"lowest": lowest, "step": best_step(valid), "last": last}
    rose = Text("Validation loss was lowest at step {step} ({lowest:.2f}) and is {last:.2f} now.", **figures)
    if falling and rise > NOTICEABLE and len(losses) > 2 and all(loss > 5 for loss in losses[-2:]):
        return "overfit", rose
    turns = _turns(values)
    if len(values) >= ENOUGH_POINTS and turns > (len(values) - 1) / 2:
        return "noisy", Text(
            "Validation loss went up and down {turns} times in {n} points.", turns=turns, n=len(values)
        )
    successive = len(values) > 2 and values[-1] > values[-2] > values[-3]
    if falling and rise > NOTICEABLE and (successive or losses[-1] > 2):
        return "onset", rose
    change = _change(values)
    train_change = _change([value for _, value in train])
    if change is not None and change < -FLAT and train_change is not None and train_change < -FLAT:
        return "underfit", Text("Training and validation loss were both still falling at the end.")
    if change is not None and abs(change) <= FLAT and losses[-1] <= 2:
        return "converged", Text("Validation loss has settled at {last:.2f}.", last=last)
    return "unclear", Text("The curves follow none of the known patterns.")


def _doubt(why: Text, valid: Line, rows: int) -> Text:
    if rows < ENOUGH_ROWS:
        return Text("{why} But {rows} validation rows cannot tell.", why=why, rows=rows)
    return Text("{why} But {n} validation points are too few to tell.", why=why, n=len(valid))


def _with_lowest(values: list[float]) -> list[tuple[float, float]]:
    pairs: list[tuple[float, float]] = []
    lowest = math.inf
    for value in values:
        lowest = min(lowest, value)
        pairs.append((value, lowest))
    return pairs


def _falling(train: Line) -> bool:
    """Whether training loss in the last third lies below what it was in the third before."""
    values = [value for _, value in train]
    if len(values) < 2:
        return False
    third = max(1, len(values) // 3)
    before = values[-2 * third : -third] or values[:1]
    return sum(values[-third:]) / third < sum(before) / len(before)


def _turns(values: list[float]) -> int:
    signs = [later > earlier for earlier, later in pairwise(values) if later != earlier]
    return sum(a != b for a, b in pairwise(signs))


def _change(values: list[float]) -> float | None:
    """The mean relative change from one evaluation to the next over the last third (at least two values)."""
    tail = values[-max(2, math.ceil(len(values) / 3)) :]
    if len(tail) < 2 or tail[0] <= 0:
        return None
    return (tail[-1] / tail[0] - 1) / (len(tail) - 1)

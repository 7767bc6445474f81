"""One word over a run, by rule, from the losses and, where checkpoints were measured, the task's own metric."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from ftstudio.errors import Text

from .criteria import Line, best_step, is_falling
from .grades import ENOUGH_POINTS, ENOUGH_ROWS, grade
from .hints import weak_hints
from .patterns import Pattern, diverged, pattern
from .words import ADVICE, CANNOT, SUSPECTED, WORDS, Measure, Verdict

NO_DIFFERENCE = 0.02  # between two rates of which nobody said how many cases they rest on


@dataclass(frozen=True, slots=True)
class Score:
    """The task's own metric at a checkpoint: a rate from 0 to 1, higher is better, over `n` cases where known."""

    step: int
    value: float
    n: int | None = None


def judge(
    *,
    train: Line,
    valid: Line,
    validation_rows: int,
    epochs: float | None = None,
    token_accuracy: float | None = None,
    examples: Mapping[int, Sequence[float]] | None = None,
    scores: Sequence[Score] = (),
    series: str = "valid_loss",
) -> Verdict:
    """The verdict over a run's training and validation loss, each as (step, loss) in the order of the steps.

    `validation_rows` is the size of the validation split, `epochs` how often every row was shown, `token_accuracy`
    the last training token accuracy (0 to 1), `examples` the loss of each validation row by step, `scores` the task's
    metric per checkpoint, `series` the name of the curve that `valid` is.
    """
    evidence = grade(valid, validation_rows, examples)
    hints = weak_hints(train, epochs, token_accuracy)
    scores = sorted((score for score in scores if math.isfinite(score.value)), key=lambda score: score.step)
    if broken := diverged(train, valid, series):
        word, advice = WORDS["diverged"], ADVICE["diverged"]
        return Verdict("diverged", word, broken.why, advice, evidence, False, broken.measures, hints, series)
    missing = _missing(evidence, valid, validation_rows)
    if len(valid) < 2:
        found = _without_a_curve(valid, evidence, hints, missing, series)
        return _with_scores(found, scores, says="better" if is_falling(train) else "")
    seen = pattern(train, valid, series=series, epochs=epochs, examples=examples if evidence == "E3" else None)
    suspected = evidence == "E1"
    found = Verdict(
        seen.kind,
        (SUSPECTED if suspected else WORDS)[seen.kind],
        _doubt(seen, valid, validation_rows) if suspected else seen.why,
        ADVICE[seen.kind],
        evidence,
        suspected,
        (*_evidence(valid, validation_rows, series), *seen.measures),
        hints,
        series,
        best_step(valid),
        None,
        missing,
    )
    return _with_scores(found, scores, says=_LOSS_SAYS.get(seen.kind, ""))


# What the loss has to say about going on as it went: the task's metric may say the opposite.
_LOSS_SAYS = {
    "overfit": "worse",
    "onset": "worse",
    "underfit-epochs": "better",
    "underfit-rate": "better",
    "converged": "better",
}


def _missing(evidence: str, valid: Line, rows: int) -> Text | None:
    """What would settle it, where the evidence is thin."""
    if evidence in ("E2", "E3"):
        return None
    if rows < ENOUGH_ROWS:
        return Text("What would settle it: {n} validation rows, measured {m} times.", n=ENOUGH_ROWS, m=ENOUGH_POINTS)
    return Text("What would settle it: {m} measurements on the validation rows.", m=ENOUGH_POINTS)


def _evidence(valid: Line, rows: int, series: str) -> tuple[Measure, ...]:
    """What the grade rests on."""
    return (
        Measure("points", Text("Validation points"), len(valid), "", ">", ENOUGH_POINTS - 1,
                len(valid) >= ENOUGH_POINTS, series, tuple(valid)),
        Measure("rows", Text("Validation rows"), rows, "", ">", ENOUGH_ROWS - 1, rows >= ENOUGH_ROWS, series),
    )  # fmt: skip


def _without_a_curve(valid: Line, evidence: str, hints: tuple[Text, ...], missing: Text | None, series: str) -> Verdict:
    """No validation series, or a single point: the honest answer is that nobody can tell."""
    if valid:
        why = Text("One validation point is no curve.")
    elif hints:
        why = Text("There is no validation loss. {hint}", hint=hints[0])
    else:
        why = Text("There is no validation loss, and training loss alone falls in good and bad runs alike.")
    return Verdict(
        "unclear", CANNOT, why, ADVICE["more"], evidence, False, (), hints, series if valid else "",
        best_step(valid), None, missing,
    )  # fmt: skip


def _doubt(seen: Pattern, valid: Line, rows: int) -> Text:
    if rows < ENOUGH_ROWS:
        return Text("{why} But {rows} validation rows cannot tell.", why=seen.why, rows=rows)
    return Text("{why} But {n} validation points are too few to tell.", why=seen.why, n=len(valid))


def _with_scores(verdict: Verdict, scores: Sequence[Score], *, says: str) -> Verdict:
    """The verdict after the task's metric has been heard: `says` is what the loss says of the last step.

    Where they disagree, both are shown and the metric is preferred; where they agree, that is said.
    """
    if len(scores) < 2:
        return verdict
    top = max(scores, key=lambda score: (score.value, -score.step))
    last = scores[-1]
    then = top
    if says == "worse":  # what was the metric where the loss was best?
        best = verdict.best or 0
        then = min(scores, key=lambda score: (abs(score.step - best), score.step))
    gap = last.value - then.value
    bar = _bar(then, last)
    points = tuple((score.step, score.value) for score in scores)
    label = Text("Task metric at the last checkpoint, less that at step {step}", step=then.step)
    measure = Measure("score", label, 100 * gap, "%", "<" if gap < 0 else ">", 100 * math.copysign(bar, gap),
                      abs(gap) > bar, "score", points)  # fmt: skip
    verdict = replace(verdict, measures=(*verdict.measures, measure), prefer=top.step)
    if abs(gap) <= bar:
        return verdict
    figures = {"then": 100 * then.value, "step": then.step, "now": 100 * last.value, "last": last.step}
    said = Text("{then:.1f} % at step {step}, {now:.1f} % at step {last}", **figures)
    if (says == "worse" and gap > 0) or (says == "better" and gap < 0):
        if gap > 0:
            why = Text("{why} Yet the task's own metric still improved: {figures}.", why=verdict.why, figures=said)
        elif verdict.grade == "E0":
            why = Text("Training loss still fell, but the task's own metric got worse: {figures}.", figures=said)
        else:
            why = Text("{why} Yet the task's own metric got worse: {figures}.", why=verdict.why, figures=said)
        thin = verdict.grade in ("E0", "E1")
        word = (SUSPECTED if thin else WORDS)["conflict"]
        return replace(verdict, kind="conflict", word=word, why=why, advice=ADVICE["conflict"], suspected=thin)
    if says == "worse":
        same = Text("{why} The task's own metric points the same way: {figures}.", why=verdict.why, figures=said)
        return replace(verdict, why=same)
    return verdict


def _bar(first: Score, second: Score) -> float:
    """The difference between two rates that one standard error allows; a plain 2 points where no cases are named."""
    if not first.n or not second.n:
        return NO_DIFFERENCE
    error = _variance(first.value) / first.n + _variance(second.value) / second.n
    return max(0.01, math.sqrt(error))


def _variance(rate: float) -> float:
    return max(0.0, rate * (1 - rate))

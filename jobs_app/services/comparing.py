"""Reading an evaluation: which arm is better in what, which cases tell them apart, and why answers failed."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Exists, OuterRef, Prefetch, QuerySet

from datasets_app.core.containers.csv import guarded
from ftstudio.errors import InvalidInput, Listed, Text
from ftstudio.web.texts import from_row
from jobs_app.core.comparison import Comparison, together
from jobs_app.core.scorers import SCORERS, Scorer
from jobs_app.models import Arm, Case, Evaluation, Outcome
from jobs_app.pipeline.comparing import Answers

COMPLIANCE = "compliance"  # the verdict of each outcome says the same
WHICH = ("all", "won", "lost", "both-fail", "both-pass")


@dataclass(frozen=True, slots=True)
class Cell:
    """One arm in one metric. `summary` is as `Arm.scores` has it, None until it has ended; `change` is against arm
    number 0, None for that one itself."""

    arm: Arm
    summary: Mapping[str, Any] | None
    change: Comparison | None


@dataclass(frozen=True, slots=True)
class Row:
    """One metric of all arms; `decides`: it is the one that was fixed to decide."""

    metric: str
    scorer: Scorer
    decides: bool
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Failure:
    """What answers failed by: the rule of their first finding ("" for those that never came), one of its sentences,
    and the cases, by number."""

    rule: str
    message: Text
    cases: tuple[int, ...]

    @property
    def n(self) -> int:
        return len(self.cases)


def comparisons(evaluation: Evaluation) -> dict[tuple[str, int], Comparison]:
    """(metric, arm number) → that arm against number 0, corrected for the number of comparisons (core.comparison).

    Worked out when the evaluation ends; while it runs, and for one that ended before comparisons were kept, now.
    """
    kept = evaluation.arms.exclude(number=0).values_list("number", "changes") if evaluation.is_final else ()
    found = {
        (metric, number): Comparison.from_data(change) for number, changes in kept for metric, change in changes.items()
    }
    return found or Answers(evaluation).changes()


def comparison(evaluation: Evaluation, a: Arm, b: Arm, metric: str) -> Comparison:
    """Arm b against arm a on the cases that both were asked. Raises InvalidInput for a metric that was not measured.

    A pair without number 0, and any pair while models are still asked, is corrected as one of all pairs that could be
    looked at: that takes one comparison instead of all of them.
    """
    _measured(evaluation, metric)
    if a.pk == b.pk:
        raise InvalidInput(b=Text("Choose two different models."))
    if a.number == 0 and evaluation.is_final:
        return comparisons(evaluation)[metric, b.number]
    answers = Answers(evaluation)
    pairs = len(answers.by_arm) * (len(answers.by_arm) - 1) // 2
    made = pairs * (1 if metric == answers.metrics[0] else len(answers.metrics) - 1)
    return together([answers.compared(a.number, b.number, metric)], made)[0]


def table(evaluation: Evaluation) -> list[Row]:
    """Every metric of every arm with its interval and its change against number 0; the deciding one first."""
    arms = list(evaluation.arms.select_related("version").order_by("number"))
    changes = comparisons(evaluation) if len(arms) > 1 else {}
    return [
        Row(
            name,
            SCORERS[name],
            at == 0,
            tuple(Cell(arm, arm.scores.get(name), changes.get((name, arm.number))) for arm in arms),
        )
        for at, name in enumerate(evaluation.metrics)
        if name in SCORERS
    ]


def failures(evaluation: Evaluation, arm: Arm) -> list[Failure]:
    """Why answers of an arm failed, by the rule of the first finding, the most frequent first."""
    rows = Outcome.objects.filter(arm=arm, arm__evaluation=evaluation, verdict__in=("failed", "fenced", "errored"))
    numbers: dict[str, list[int]] = {}
    messages: dict[str, Text] = {}
    for number, findings in rows.order_by("case__number").values_list("case__number", "findings"):
        first: dict[str, Any] = findings[0] if findings else {"rule": "", "message": {"template": "", "params": {}}}
        numbers.setdefault(first["rule"], []).append(number)
        messages.setdefault(first["rule"], from_row(first["message"]))
    frequent = Counter({rule: len(cases) for rule, cases in numbers.items()}).most_common()
    return [Failure(rule, messages[rule], tuple(numbers[rule])) for rule, _ in frequent]


def cases(evaluation: Evaluation, a: Arm, b: Arm, which: str = "all", metric: str = "") -> QuerySet[Case]:
    """The cases by how both arms fared, in their order, with both outcomes (`case.outcomes`, a's before b's).

    "won": only b is right, "lost": only a is. Right is what the metric says ("" is the one that decides), or what keeps
    to the contract where the metric says no yes or no. A case that one of them was not asked, or to which the metric
    does not apply, is in "all" alone.
    """
    if which not in WHICH:
        raise InvalidInput(which=Text("Use one of {names}.", names=Listed(WHICH)))
    if metric:
        _measured(evaluation, metric)
    order = {a.pk: 0, b.pk: 1}
    pair = Outcome.objects.filter(arm__in=list(order)).select_related("arm").order_by("arm__number")
    rows = Case.objects.filter(evaluation=evaluation).select_related("sample").order_by("number")
    if which != "all":
        a_passes, b_passes = which in ("lost", "both-pass"), which in ("won", "both-pass")
        scorer = SCORERS.get(metric or next(iter(evaluation.metrics), ""))
        if scorer is None or scorer.kind != "pass" or scorer.name == COMPLIANCE:
            rows = rows.filter(_fared(a, passed=a_passes), _fared(b, passed=b_passes))
        else:
            ours, theirs = _right(a, scorer), _right(b, scorer)
            rows = rows.filter(
                number__in=[n for n, right in ours.items() if right is a_passes and theirs.get(n) is b_passes]
            )
    return rows.prefetch_related(Prefetch("outcomes", queryset=pair))


def arm_numbered(evaluation: Evaluation, number: int, field: str) -> Arm:
    """The arm of this number. Raises InvalidInput of the `field` that named it."""
    found = evaluation.arms.select_related("connection").defer("connection__credential").filter(number=number).first()
    if found is None:
        raise InvalidInput.of({field: Text("This evaluation has no model number {n}.", n=number)})
    return found


def to_csv(evaluation: Evaluation) -> str:
    """Each case with each arm's verdict, its scores, tokens, seconds and cost: one line per case and arm."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    metrics = [name for name in evaluation.metrics if name in SCORERS]
    head = ("case", "sample", "cluster", "arm", "model", "verdict", "finish_reason", "tries", "seconds",
            "prompt_tokens", "completion_tokens", "cost", "currency")  # fmt: skip
    writer.writerow([*head, *metrics])
    columns = ("case__number", "case__sample_id", "case__cluster", "arm__number", "arm__model", "verdict",
               "finish_reason", "tries", "seconds", "prompt_tokens", "completion_tokens", "cost", "arm__currency",
               "scores")  # fmt: skip
    rows = Outcome.objects.filter(arm__evaluation=evaluation).order_by("case__number", "arm__number")
    for *cells, scores in rows.values_list(*columns).iterator(1000):
        writer.writerow([_cell(cell) for cell in cells] + [_cell(scores.get(name)) for name in metrics])
    return out.getvalue()


def _cell(value: Any) -> Any:
    return guarded(value) if isinstance(value, str) else value


def _fared(arm: Arm, *, passed: bool) -> Exists:
    mine = Outcome.objects.filter(case=OuterRef("pk"), arm=arm).exclude(verdict="")
    return Exists(mine.filter(verdict="passed") if passed else mine.exclude(verdict="passed"))


def _right(arm: Arm, scorer: Scorer) -> dict[int, bool | None]:
    """Case number → whether the arm is right in it, by the metric."""
    asked = Outcome.objects.filter(arm=arm).exclude(verdict="").order_by()
    return {number: scorer.is_right(scores) for number, scores in asked.values_list("case__number", "scores")}


def _measured(evaluation: Evaluation, metric: str) -> None:
    if metric not in evaluation.metrics or metric not in SCORERS:
        names = Listed(name for name in evaluation.metrics if name in SCORERS)
        raise InvalidInput(metric=Text("This evaluation was not measured by “{name}”: it has {known}.",
                                       name=metric, known=names))  # fmt: skip

"""From stored outcomes to summaries and comparisons: what was written down of each case, set beside each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from jobs_app.core.comparison import Comparison, Paired, compare, summarise, together
from jobs_app.core.scorers import SCORERS
from jobs_app.models import Evaluation, Outcome


@dataclass(frozen=True, slots=True)
class Scored:
    """One case of one arm, as far as it has been asked. `missing`: no answer came."""

    cluster: str
    missing: bool
    scores: dict[str, float | None]


class Answers:
    """All that the arms of an evaluation were scored with. Two queries, and no answer is read."""

    def __init__(self, evaluation: Evaluation) -> None:
        self.evaluation = evaluation
        self.metrics = [name for name in evaluation.metrics if name in SCORERS]
        self.currencies: dict[int, str] = dict(evaluation.arms.values_list("number", "currency"))
        self.by_arm: dict[int, dict[int, Scored]] = {arm: {} for arm in self.currencies}
        rows = Outcome.objects.filter(arm__evaluation=evaluation).exclude(verdict="").order_by()
        columns = ("arm__number", "case__number", "case__cluster", "verdict", "scores")
        for arm, case, cluster, verdict, scores in rows.values_list(*columns):
            self.by_arm[arm][case] = Scored(cluster, verdict == "errored", scores)

    def summaries(self, arm: int) -> dict[str, Any]:
        """metric → what `Arm.scores` keeps of it; of the cases that were asked."""
        asked = self.by_arm[arm]
        cases = [asked[number] for number in sorted(asked)]
        clusters = [case.cluster for case in cases]
        missing = sum(case.missing for case in cases)
        return {
            name: summarise(
                SCORERS[name], [SCORERS[name].of(case.scores) for case in cases], clusters, self.evaluation.seed,
                missing=missing,
            ).as_data()
            for name in self.metrics
        }  # fmt: skip

    def compared(self, a: int, b: int, metric: str) -> Comparison:
        """Arm number b against arm number a on the cases that both have been asked; not corrected for others.

        Amounts in two currencies have no difference: then no case has a value of both.
        """
        scorer, ours, theirs = SCORERS[metric], self.by_arm[a], self.by_arm[b]
        alike = scorer.unit != "currency" or self.currencies[a] == self.currencies[b]
        pairs = [
            Paired(
                number, ours[number].cluster, scorer.of(ours[number].scores) if alike else None,
                scorer.of(theirs[number].scores) if alike else None,
                ours[number].missing, theirs[number].missing,
            )
            for number in sorted(ours.keys() & theirs.keys())
        ]  # fmt: skip
        return compare(pairs, scorer, seed=self.evaluation.seed)

    def against_first(self, metrics: Sequence[str]) -> dict[tuple[str, int], Comparison]:
        """(metric, arm number) → that arm against number 0, corrected for all the comparisons that this makes."""
        wanted = [(metric, arm) for metric in metrics for arm in sorted(self.by_arm) if arm != 0]
        return dict(zip(wanted, together([self.compared(0, arm, metric) for metric, arm in wanted]), strict=True))

    def changes(self) -> dict[tuple[str, int], Comparison]:
        """Every arm against number 0 in every metric. The deciding metric was fixed beforehand and is corrected for the
        number of arms alone; all that is read beside it, for all that is read beside it."""
        return self.against_first(self.metrics[:1]) | self.against_first(self.metrics[1:])

    def verdict(self, changes: Mapping[tuple[str, int], Comparison]) -> dict[str, Any]:
        """What `Evaluation.verdict` keeps: the last arm against number 0, by the metric that decides."""
        last = max(self.by_arm, default=0)
        if not last or not self.metrics:
            return {}
        found = changes[self.metrics[0], last]
        return {
            "a": 0, "b": last, "metric": found.metric, "word": found.word, "size": found.size,
            "n": found.applicable, "difference": found.difference, "low": found.low, "high": found.high,
        }  # fmt: skip

"""How models fare on each kind of case: one metric, tag by tag, each with its own interval."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from jobs_app.core.comparison import Summary, summarise
from jobs_app.core.scorers import SCORERS
from jobs_app.core.significance import Size, size_word
from jobs_app.models import Evaluation
from jobs_app.pipeline.comparing import Answers

MOST_TAGS = 8


@dataclass(frozen=True, slots=True)
class Slice:
    """The cases with a tag ("" for those without any): how many, what so many are worth, a summary for each arm."""

    tag: str
    n: int
    size: Size
    summaries: tuple[Summary, ...]


def slices(evaluation: Evaluation, arms: Sequence[int], metric: str) -> list[Slice]:
    """The most frequent tags of the cases, by the number of their cases; [] where no case has one. `arms` by number.

    A case with two tags is in two slices, so slices do not add up, and none of them is a test of its own.
    """
    tags = dict(evaluation.cases.values_list("number", "tags"))
    counts = Counter(tag for names in tags.values() for tag in names or [""])
    if not any(counts) or metric not in SCORERS or metric not in evaluation.metrics:
        return []
    answers = Answers(evaluation)
    return [
        Slice(tag, n, size_word(n), tuple(_summary(answers, arm, tags, tag, metric) for arm in arms))
        for tag, n in counts.most_common(MOST_TAGS)
    ]


def _summary(answers: Answers, arm: int, tags: dict[int, list[str]], tag: str, metric: str) -> Summary:
    scorer, asked = SCORERS[metric], answers.by_arm[arm]
    cases = [asked[number] for number in sorted(asked) if tag in (tags.get(number) or [""])]
    return summarise(
        scorer, [scorer.of(case.scores) for case in cases], [case.cluster for case in cases],
        answers.evaluation.seed, missing=sum(case.missing for case in cases),
    )  # fmt: skip

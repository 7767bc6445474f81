"""What an answer takes: tokens, time, requests, money."""

from __future__ import annotations

from ftstudio.errors import Text
from jobs_app.core.pooling import MEAN, Quantile, Ratio, Statistic

from .base import Answered, Scorer
from .labels import NO_LABEL, numbers


class _Amount(Scorer):
    kind = "amount"
    better = "lower"


class OutputTokens(_Amount):
    name = "output-tokens"
    label = Text("Output tokens, median")
    help = Text("Half of the answers have fewer, as the provider counts them.")
    unit = "tokens"

    def score(self, answered: Answered) -> float | None:
        return answered.completion_tokens


class InputTokens(_Amount):
    name = "input-tokens"
    label = Text("Input tokens, median")
    help = Text("Of prompt, examples and question together, as the provider counts them; half of the cases have fewer.")
    unit = "tokens"

    def score(self, answered: Answered) -> float | None:
        return answered.prompt_tokens


class Latency(_Amount):
    name = "latency"
    label = Text("Latency p50")
    help = Text("Seconds from the request to the whole answer by our clock, of the request that was answered; median.")
    unit = "s"

    def score(self, answered: Answered) -> float | None:
        return answered.seconds


class SlowLatency(Latency):
    name = "latency-p95"
    label = Text("Latency p95")
    help = Text("One answer in twenty takes longer than this, in seconds.")

    @property
    def statistic(self) -> Statistic:
        return Quantile(0.95)


class Retries(_Amount):
    name = "retries"
    label = Text("Retries per case")
    help = Text("Requests beyond the first one that a case took, in the mean.")
    unit = ""

    @property
    def counts_missing(self) -> bool:
        return True

    @property
    def statistic(self) -> Statistic:
        return MEAN

    def score(self, answered: Answered) -> float | None:
        return max(0, answered.tries - 1)


class CostPerCorrect(_Amount):
    name = "cost-per-correct"
    label = Text("Cost per correct answer")
    help = Text(
        "What all answers cost, divided by those that are right: of a label task the right labels, else those that "
        "keep the contract as they stand. Left out where a price or the tokens are not known."
    )
    unit = "currency"
    terms = ("cost", "right")

    @property
    def counts_missing(self) -> bool:
        return True

    @property
    def statistic(self) -> Statistic:
        return Ratio((1, 0), (0, 1))

    def score(self, answered: Answered) -> float | None:
        """Of one answer it is its price."""
        return answered.cost

    def parts(self, answered: Answered) -> tuple[float, float] | None:
        if answered.verdict == "errored":
            return 0.0, 0.0
        return None if answered.cost is None else (answered.cost, float(_is_right(answered)))


def _is_right(answered: Answered) -> bool:
    both = numbers(answered)
    if both is not None and both[0] != NO_LABEL:
        return both[0] == both[1]
    return answered.verdict == "passed"


SCORER = (OutputTokens(), InputTokens(), Latency(), SlowLatency(), Retries(), CostPerCorrect())

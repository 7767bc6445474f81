"""What every metric is, and what it may know about an answer.

A metric scores one answer at a time; over many cases its scores become one value in the way of its kind:

    pass    1 or 0 for each case; the mean is a rate (Wilson's interval)
    share   from 0 to 1 for each case; the mean (bootstrap)
    amount  any number: tokens, seconds, money; the median (bootstrap)

A metric with `terms` is pooled instead: the terms of all cases are summed before they are divided, so that a long
answer weighs more than a short one (micro F1, cost per correct answer).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, NamedTuple

from datasets_app.core.contracts.model import Contract
from datasets_app.core.engine import Checker
from datasets_app.core.jsonl import Json
from datasets_app.core.samples import Message
from ftstudio.errors import Text
from jobs_app.core.judging import Errors, Verdict
from jobs_app.core.pooling import MEAN, MEDIAN, Statistic
from jobs_app.core.replies import FENCED, STRICT

Kind = Literal["pass", "share", "amount"]
Value = float | tuple[float, ...] | None  # of one case: a score, or the terms a metric is pooled from


@dataclass(frozen=True, slots=True)
class Answered:
    """A case and what came of it, read once for all metrics. Made by `core.outcomes`.

    `turns` are the system prompt and the sample's own turns as they were sent, without examples that stood between;
    `source` is the last question in them. `text` is the answer as the contract's rules read it (of a task_response
    call its arguments), `value` the JSON in it, whichever way it came (`came_as`: a word of `core.replies`); None where
    there is none. `reference` is the sample's own answer, read in the same way.
    `verdict` and `errors` are those of `core.judging`; "errored": no answer came at all.
    `seconds` and `cost` are of the request that was answered; `tries` are the requests that were sent.
    """

    turns: tuple[Message, ...]
    answer: Message
    reference: Message | None
    source: str
    text: str
    value: Json
    reference_text: str
    reference_value: Json
    came_as: str
    reference_came_as: str
    verdict: Verdict
    errors: Errors
    checker: Checker
    tools: tuple[Any, ...] = ()
    finish_reason: str = ""
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    seconds: float | None = None
    cost: float | None = None
    tries: int = 1

    @property
    def contract(self) -> Contract:
        return self.checker.contract

    @property
    def comparable(self) -> bool:
        """Whether the reference is JSON, so that fields can be compared with it."""
        return self.reference_came_as in (*STRICT, FENCED)

    @property
    def came(self) -> bool:
        """Whether there is an answer to look at."""
        return self.verdict != "errored" and bool(self.text.strip() or self.answer.tool_calls)


class Example(NamedTuple):
    """An answer that explains a metric: under this contract file, to this question, against this reference."""

    answer: str | Message
    reference: str | Message | None = None
    contract: Mapping[str, Json] = {}
    question: str = "?"
    tools: tuple[Any, ...] = ()
    finish_reason: str = "stop"


class Scorer(ABC):
    """One metric. A module of this package holds one (or a tuple of them) as `SCORER`.

    `label` is its short name, `help` says what it measures. `good` and `bad` are its tests and the “what this measures”
    box: a good example has the best score there is, a bad one has another. `better` says which way is up.
    `unit` is "%" for what is shown in percent, "currency" for money of the arm's currency.
    `counts_missing`: an answer that never came counts as if it were wrong; else it is left out and shown apart.
    """

    name: str
    label: ClassVar[Text]
    help: ClassVar[Text]
    kind: ClassVar[Kind] = "pass"
    better: ClassVar[Literal["higher", "lower"]] = "higher"
    unit: ClassVar[Literal["", "%", "tokens", "s", "currency"]] = "%"
    terms: ClassVar[tuple[str, ...]] = ()
    good: ClassVar[tuple[Example, ...]] = ()
    bad: ClassVar[tuple[Example, ...]] = ()

    @property
    def counts_missing(self) -> bool:
        return self.kind != "amount" and self.better == "higher"

    def is_right(self, scores: Mapping[str, float | None]) -> bool | None:
        """Whether a case is as it should be; None where the metric says no yes or no of it."""
        score = scores.get(self.name) if self.kind == "pass" else None
        return None if score is None else (score > 0) == (self.better == "higher")

    @property
    def statistic(self) -> Statistic:
        """How the cases' values become one."""
        return MEDIAN if self.kind == "amount" else MEAN

    def applies(self, contract: Contract) -> bool:
        """Whether it can say anything about answers under this contract."""
        return True

    @abstractmethod
    def score(self, answered: Answered) -> float | None:
        """The score of one answer; None where it does not apply, which is not 0."""

    def parts(self, answered: Answered) -> Sequence[float] | None:
        """The answer's `terms`, in their order; None where it does not apply."""
        return None

    def measured(self, answered: Answered) -> dict[str, float | None]:
        """What is written down of one answer: the score, and its terms as `name.term`."""
        known = answered.verdict != "errored" or self.counts_missing
        found = {self.name: self.score(answered) if known else None}
        if self.terms:
            parts = self.parts(answered) if known else None
            found |= dict.fromkeys(self.columns) if parts is None else dict(zip(self.columns, parts, strict=True))
        return found

    @property
    def columns(self) -> tuple[str, ...]:
        """The names under which `measured` has what a set's value is made of."""
        return tuple(f"{self.name}.{term}" for term in self.terms) or (self.name,)

    def of(self, scores: Mapping[str, float | None]) -> Value:
        """The case's value out of `Outcome.scores`; None where it does not apply or was not measured."""
        values = [scores.get(column) for column in self.columns]
        if any(value is None for value in values):
            return None
        return tuple(float(value) for value in values if value is not None) if self.terms else values[0]

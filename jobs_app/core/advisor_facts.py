"""What measured facts say to each question of the strategy advisor. A fact answers nothing by itself: a person does."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from datasets_app.core.statistics import wilson
from ftstudio.errors import Text
from jobs_app.core.advisor_table import DECISIONS, TARGET

ENOUGH_ROWS = 50  # OpenAI's guide: start with about fifty well-made examples
FEWEST_ROWS = 10  # what most providers ask for at least
ENOUGH_PAIRS = 100  # DashScope's advice for DPO
ARMS: Mapping[str, Text] = {
    "zero-shot": Text("the prompt alone"),
    "one-shot": Text("one example in the prompt"),
    "few-shot": Text("a few examples in the prompt"),
    "tuned": Text("the tuned model"),
}


@dataclass(frozen=True, slots=True)
class Rate:
    """`passed` of `n`, with the Wilson interval of 95 %; shares are 0 to 1."""

    passed: int
    n: int

    @property
    def share(self) -> float:
        return self.passed / self.n if self.n else 0.0

    @property
    def interval(self) -> tuple[float, float]:
        return wilson(self.passed, self.n)


@dataclass(frozen=True, slots=True)
class Arm:
    """One measurement: `strict` answers keep to the contract as they stand, `lenient` ones also in a fence."""

    arm: str
    strict: Rate
    lenient: Rate
    model: str = ""
    rehearsal: bool = False

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> Arm:
        """From what an `Advice` keeps of an arm of an evaluation."""
        n = int(row.get("n") or 0)
        passed, lenient = int(row.get("passed") or 0), int(row.get("lenient") or 0)
        return cls(
            str(row.get("arm", "")), Rate(passed, n), Rate(lenient, n), str(row.get("model", "")),
            bool(row.get("rehearsal")),
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known and counted. `target` is a share; `rows` are accepted training rows, `clean` those without errors,
    `pairs` rows with a rejected answer beside the right one. What a rehearsal answered measures no model: it is shown,
    and never counts.
    """

    target: float = TARGET / 100
    arms: tuple[Arm, ...] = ()
    rows: int = 0
    clean: int = 0
    pairs: int = 0

    def best(self) -> Arm | None:
        """The best one that needs no training; of equals the one with more cases."""
        asked = [arm for arm in self.arms if arm.arm != "tuned" and arm.strict.n and not arm.rehearsal]
        return max(asked, key=lambda arm: (arm.strict.share, arm.strict.n), default=None)

    def newest(self, *names: str) -> Arm | None:
        return next(
            (arm for arm in reversed(self.arms) if arm.arm in names and arm.strict.n and not arm.rehearsal), None
        )


@dataclass(frozen=True, slots=True)
class Reading:
    """What the facts say to a question: `answer` "yes" or "no", "" where they cannot tell; `measured` they were."""

    answer: str
    because: Text
    measured: bool = False


def reading(decision: str, facts: Facts) -> Reading:
    """What the facts say to a decision."""
    return READINGS[DECISIONS[decision].facts](facts)


def cited(facts: Facts) -> Text:
    """The measurement that a conclusion rests on, in one sentence."""
    best = facts.best()
    if best is None and facts.arms:
        return Text("No model has been measured, only rehearsed: this rests on opinion.")
    if best is None:
        return Text("Nothing has been measured: this rests on opinion.")
    return _compared(best, facts.target)


def nothing_yet(facts: Facts) -> Text:
    """Why no measurement speaks."""
    if facts.arms:
        return Text("Only a rehearsal has answered, and no model does so there.")
    return Text("Nothing has been measured yet.")


def _compared(arm: Arm, target: float) -> Text:
    low, high = arm.strict.interval
    return Text(
        "{passed} of {n} answers keep to the contract with {arm}: {share} %, between {low} and {high} %. "
        "The target is {target} %.",
        passed=arm.strict.passed, n=arm.strict.n, arm=ARMS.get(arm.arm, Text("{name}", name=arm.arm)),
        share=percent(arm.strict.share), low=percent(low), high=percent(high), target=percent(target),
    )  # fmt: skip


def percent(share: float) -> str:
    """0.625 → 62.5, 0.5 → 50."""
    return f"{100 * share:.1f}".removesuffix(".0")


def _against_target(arm: Arm | None, facts: Facts, nothing: Text) -> Reading:
    """Yes or no where the whole interval is on one side of the target."""
    if arm is None:
        return Reading("", nothing)
    low, high = arm.strict.interval
    answer = "yes" if low >= facts.target else "no" if high < facts.target else ""
    return Reading(answer, _compared(arm, facts.target), measured=True)


def _best_prompt(facts: Facts) -> Reading:
    return _against_target(facts.best(), facts, nothing_yet(facts))


def _pattern(facts: Facts) -> Reading:
    """Examples that help show that the ability is there; answers that mostly miss the contract show that it is not."""
    alone, shown = facts.newest("zero-shot"), facts.newest("few-shot", "one-shot")
    if alone and shown and shown.strict.interval[0] > alone.strict.interval[1]:
        says = Text(
            "With examples {shown} % keep to the contract, without them {alone} %: the ability is there.",
            shown=percent(shown.strict.share), alone=percent(alone.strict.share),
        )  # fmt: skip
        return Reading("no", says, measured=True)
    best = facts.best()
    if best is None:
        return Reading("", nothing_yet(facts))
    if best.lenient.passed > best.strict.passed:
        says = Text(
            "{strict} % keep to the contract as they stand, {lenient} % once a fence around them is taken off.",
            strict=percent(best.strict.share), lenient=percent(best.lenient.share),
        )  # fmt: skip
    else:
        says = _compared(best, facts.target)
    return Reading("yes" if best.strict.interval[1] < 0.5 else "", says, measured=True)


def _data(facts: Facts) -> Reading:
    says = Text(
        "{rows} accepted training rows, {clean} without an error. About {enough} consistent ones show a format.",
        rows=facts.rows, clean=facts.clean, enough=ENOUGH_ROWS,
    )  # fmt: skip
    answer = "yes" if facts.clean >= ENOUGH_ROWS else "no" if facts.clean < FEWEST_ROWS else ""
    return Reading(answer, says, measured=True)


def _ability(facts: Facts) -> Reading:
    best = facts.best()
    if best is None:
        return Reading("", nothing_yet(facts))
    low, high = best.strict.interval
    able = low >= 0.5
    answer = "no" if low >= facts.target else "yes" if able and high < facts.target else ""
    return Reading(answer, _compared(best, facts.target), measured=True)


def _pairs(facts: Facts) -> Reading:
    says = Text(
        "{pairs} samples have a rejected answer beside the right one; DPO wants about {enough}.",
        pairs=facts.pairs, enough=ENOUGH_PAIRS,
    )  # fmt: skip
    return Reading("yes" if facts.pairs >= ENOUGH_PAIRS else "", says, measured=True)


def _tuned(facts: Facts) -> Reading:
    return _against_target(facts.newest("tuned"), facts, Text("No tuned model has been measured yet."))


def _pairs_after_sft(facts: Facts) -> Reading:
    tuned = facts.newest("tuned")
    if tuned is not None and tuned.strict.interval[1] < 0.5:
        return Reading("no", _compared(tuned, facts.target), measured=True)
    return _pairs(facts)


READINGS: Mapping[str, Callable[[Facts], Reading]] = {
    "best-prompt": _best_prompt,
    "pattern": _pattern,
    "data": _data,
    "ability": _ability,
    "pairs": _pairs,
    "tuned": _tuned,
    "pairs-after-sft": _pairs_after_sft,
}

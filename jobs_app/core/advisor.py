"""The strategy advisor: which way the answers lead, and what was concluded.

Pure: `advisor_table` is the chart, this module walks it. No answer is taken from a fact (`advisor_facts`) by itself: a
person answers, the fact stands beside the answer, and where the two disagree the record says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ftstudio.errors import InvalidInput, Listed, Text
from jobs_app.core.advisor_facts import Facts, Reading, reading
from jobs_app.core.advisor_table import DECISIONS, ENDS, START, STEPS, Decision


@dataclass(frozen=True, slots=True)
class Taken:
    """A decision that was answered, with what the person gave as reasons."""

    decision: Decision
    answer: str
    reasons: tuple[str, ...] = ()
    note: str = ""

    @property
    def leads_to(self) -> str:
        return self.decision.leads_to(self.answer)


@dataclass(frozen=True, slots=True)
class Path:
    """The way so far: `taken` in order, `at` the station reached, `asks` the decision that waits (None: none does)."""

    taken: tuple[Taken, ...]
    at: str
    asks: Decision | None

    @property
    def ended(self) -> bool:
        return self.at in ENDS

    @property
    def may_file(self) -> bool:
        """At an end, or where the next thing to do is to train: that costs, so it is decided on the record."""
        return self.ended or self.at in STEPS

    @property
    def edges(self) -> frozenset[tuple[str, str]]:
        """The connections of the chart that were walked."""
        walked = {(one.decision.id, one.leads_to) for one in self.taken}
        walked |= {(name, step.then) for name, step in STEPS.items() if self._went_on_from(name)}
        return frozenset(walked)

    @property
    def stations(self) -> frozenset[str]:
        reached = {one.decision.id for one in self.taken} | {one.leads_to for one in self.taken} | {self.at}
        return frozenset(reached)

    def _went_on_from(self, step: str) -> bool:
        return any(one.decision.id == STEPS[step].then for one in self.taken)


def walk(answers: Mapping[str, Any]) -> Path:
    """Follow the answers from the start. An answer is "yes", "no", or {"answer", "reasons", "note"}; answers to
    decisions that are not on the way are passed over."""
    taken: list[Taken] = []
    at = START
    while (decision := _asked_at(at)) is not None:
        one = _answer(decision, answers.get(decision.id))
        if one is None:
            return Path(tuple(taken), at, decision)
        taken.append(one)
        at = one.leads_to
    return Path(tuple(taken), at, None)


def read_answer(decision: str, answer: object, reasons: Iterable[object] = (), note: object = "") -> dict[str, Any]:
    """What a person answered, as it is kept. Raises InvalidInput for words that the decision does not have."""
    if decision not in DECISIONS:
        raise InvalidInput(decision=Text("Choose one of: {choices}.", choices=Listed(DECISIONS)))
    if answer not in ("yes", "no"):
        raise InvalidInput(answer=Text("Answer yes or no."))
    asked = DECISIONS[decision]
    ticked = [str(reason) for reason in reasons]
    if unknown := [reason for reason in ticked if reason not in asked.reasons]:
        raise InvalidInput(reasons=Text("“{value}” is not one of the reasons.", value=unknown[0][:60]))
    said = str(note or "").strip()
    if len(said) > 1000:
        raise InvalidInput(note=Text("At most 1000 characters."))
    if answer != asked.reasons_of:
        ticked = []
    return {"answer": answer, "reasons": [name for name in asked.reasons if name in ticked], "note": said}


def disagreements(path: Path, facts: Facts) -> list[tuple[Taken, Reading]]:
    """Answers that measured facts contradict."""
    pairs = ((one, reading(one.decision.id, facts)) for one in path.taken)
    return [(one, fact) for one, fact in pairs if fact.measured and fact.answer and fact.answer != one.answer]


def chosen_option(station: str) -> str:
    """Which of `OPTIONS` a station comes to; "" for none of them."""
    if station in STEPS:
        return "sft"
    return ENDS[station].option if station in ENDS else ""


def advice_at(station: str) -> Text:
    """The sentence of an end or a step."""
    return ENDS[station].advice if station in ENDS else STEPS[station].advice


def _asked_at(station: str) -> Decision | None:
    return DECISIONS.get(STEPS[station].then if station in STEPS else station)


def _answer(decision: Decision, given: Any) -> Taken | None:
    row = given if isinstance(given, Mapping) else {"answer": given}
    if row.get("answer") not in ("yes", "no"):
        return None
    reasons = tuple(name for name in row.get("reasons") or () if name in decision.reasons)
    return Taken(decision, str(row["answer"]), reasons, str(row.get("note") or ""))

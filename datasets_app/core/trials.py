"""What another contract would say: samples under the rules as they are and as they are meant to be, side by side.

Both sides are `engine.Checker`s, so that a trial says what grading would say. Rules about the whole set are not asked:
they speak about the set, which a few samples are not.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

from datasets_app.core.codecs import CODECS, CodecError, detect
from datasets_app.core.engine import Checker
from datasets_app.core.findings import Finding
from datasets_app.core.jsonl import LineError, parse
from datasets_app.core.samples import Message, Sample
from ftstudio.errors import InvalidInput, Text

MOST_NAMED = 5  # samples that a rule names on either side
_OF_ROWS = frozenset({"preference-missing"})  # asks for what an answer by itself is not
_COMPARES = frozenset({"ungrounded-value"})  # says nothing true of an answer whose question is not there


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one checker says of a sample. It `passes` without an error; `level` is rule → severity, waived ones out."""

    findings: tuple[Finding, ...]
    level: dict[str, str]

    @property
    def passes(self) -> bool:
        return "error" not in self.level.values()


@dataclass(slots=True)
class RuleChange:
    """How one rule's word changes: on how many samples it speaks `before` and `after`, on how many it is `new` or
    `gone`. `newly` and `no_longer` name the first of those; a severity is "" where the rule says nothing."""

    rule: str
    severity_before: str = ""
    severity_after: str = ""
    before: int = 0
    after: int = 0
    new: int = 0
    gone: int = 0
    newly: list[int] = field(default_factory=list)
    no_longer: list[int] = field(default_factory=list)


@dataclass(slots=True)
class Tally:
    """Samples looked at one by one; `clean` are those about which no rule says anything."""

    old: Checker
    new: Checker
    looked: int = 0
    passes_before: int = 0
    passes_after: int = 0
    clean_before: int = 0
    clean_after: int = 0
    _rules: dict[str, RuleChange] = field(default_factory=dict)

    def add(self, key: int, sample: Sample, waived: Collection[str] = ()) -> None:
        """Look at one more sample. `waived`: rules that a lead lets pass on it, which count on neither side."""
        before = judged(self.old.check(sample), waived)
        after = before if self.old.version == self.new.version else judged(self.new.check(sample), waived)
        self.looked += 1
        self.passes_before += before.passes
        self.passes_after += after.passes
        self.clean_before += not before.level
        self.clean_after += not after.level
        for rule in before.level.keys() | after.level.keys():
            change = self._rules.setdefault(rule, RuleChange(rule))
            if rule in before.level:
                change.severity_before = before.level[rule]
                change.before += 1
            if rule in after.level:
                change.severity_after = after.level[rule]
                change.after += 1
            if rule not in before.level:
                change.new += 1
                change.newly += [key] if len(change.newly) < MOST_NAMED else []
            elif rule not in after.level:
                change.gone += 1
                change.no_longer += [key] if len(change.no_longer) < MOST_NAMED else []

    @property
    def changes(self) -> list[RuleChange]:
        """Every rule that spoke on either side: those whose word changes first, the most samples first."""
        return sorted(
            self._rules.values(),
            key=lambda one: (
                not (one.new or one.gone or one.severity_before != one.severity_after),
                -(one.new + one.gone),
                -one.after,
                one.rule,
            ),
        )


def judged(findings: Iterable[Finding], waived: Collection[str] = ()) -> Verdict:
    """The verdict in a checker's findings; the gravest severity of each rule is its level."""
    stands = tuple(finding for finding in findings if finding.rule not in waived)
    level: dict[str, str] = {}
    for finding in stands:  # the gravest come first
        level.setdefault(finding.rule, finding.severity)
    return Verdict(stands, level)


@dataclass(frozen=True, slots=True)
class Pasted:
    """What a person pasted, as a sample. `format` is the codec that read it, "" for an answer by itself."""

    sample: Sample
    format: str
    compared: bool  # whether there is a question to hold the answer against

    @property
    def silent(self) -> frozenset[str]:
        """The rules that have nothing to say about what was pasted, because too little of a row is there."""
        return (frozenset() if self.format else _OF_ROWS) | (frozenset() if self.compared else _COMPARES)

    def judge(self, checker: Checker) -> Verdict:
        """The checker's verdict; of an answer by itself only what is said about that answer."""
        found: Iterable[Finding] = checker.check(self.sample)
        if not self.format:
            here = f"/messages/{len(self.sample.messages) - 1}"
            found = [one for one in found if not one.path or one.path == here or one.path.startswith(f"{here}/")]
        return judged(found, self.silent)

    def requirements(self, checker: Checker) -> list[tuple[Text, bool]]:
        """The contract's sentences that can be told here, each with whether the answer meets it."""
        return [(text, met) for text, met, rule in checker.requirements(self.sample) if rule not in self.silent]


def pasted(text: str, *, question: str = "", system: str = "") -> Pasted:
    """A pasted text: a row in any format that is recognised, or else an answer. With a `question` it is an answer.

    Raises `InvalidInput` on `answer` for a row that its format cannot read.
    """
    record = None if question.strip() else _record(text)
    name = detect([record]) if record is not None else None
    if record is None or name is None:
        turns = [Message("system", system)] if system.strip() else []
        turns += [Message("user", question), Message("assistant", text)]
        return Pasted(Sample(tuple(turns)), "", bool(question.strip()))
    try:
        sample = CODECS[name].decode(record)
    except CodecError as error:
        raise InvalidInput(answer=error.text) from error
    return Pasted(sample, name, sample.question is not None)


def _record(text: str) -> dict[str, object] | None:
    try:
        return parse(text.strip().encode())
    except (LineError, UnicodeEncodeError):
        return None

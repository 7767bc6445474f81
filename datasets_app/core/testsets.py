"""A test set: enough cases to mean something, and slices that say what was new to the model and what was not."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from datasets_app.core import symbols
from datasets_app.core.contracts.model import Contract
from datasets_app.core.samples import Sample
from datasets_app.core.statistics import wilson

NEEDED = 100  # cases, below which an interval is wider than most differences one looks for
MOST_TAGS = 50
USUAL = ("-", "/")


@dataclass(frozen=True, slots=True)
class Case:
    """A test case: the rules it breaks, whether an error is among them, what it is made of, its label and tags."""

    broken: tuple[str, ...] = ()
    failed: bool = False
    codes: frozenset[str] = frozenset()
    label: str = ""
    tags: tuple[str, ...] = ()


@dataclass(slots=True)
class Slice:
    """Cases that have something in common. `kind` is all, codes, label or tag, `name` which of them.

    Of kinds codes and label the names are seen and unseen: whether training has all of it.
    """

    kind: str
    name: str
    cases: int = 0
    passed: int = 0
    broken: dict[str, int] = field(default_factory=dict)

    def add(self, case: Case) -> None:
        self.cases += 1
        self.passed += not case.failed
        for rule in case.broken:
            self.broken[rule] = self.broken.get(rule, 0) + 1

    def to_data(self) -> dict[str, Any]:
        """As kept in a snapshot's counts; the intervals are 95 % Wilson, as shares from 0 to 1."""
        rules = {
            rule: {"passed": self.cases - n, "interval": list(wilson(self.cases - n, self.cases))}
            for rule, n in sorted(self.broken.items(), key=lambda item: (-item[1], item[0]))
        }
        return {
            "kind": self.kind, "name": self.name, "cases": self.cases, "passed": self.passed,
            "interval": list(wilson(self.passed, self.cases)), "rules": rules,
        }  # fmt: skip


def codes_of(sample: Sample, contract: Contract) -> frozenset[str]:
    """The codes that the sample asks about or answers with, by the contract's tight symbols (“AW30-02”, “A/B”)."""
    tight = (contract.symbols.tight if contract.symbols else ()) or USUAL
    return frozenset(span for message in sample.messages if message.role != "system"
                     for span in symbols.spans(message.text, tight))  # fmt: skip


def report(cases: Iterable[Case], *, codes: Iterable[str] | None, labels: Iterable[str] | None) -> dict[str, Any]:
    """`{"cases", "needed", "ready", "slices"}` of a test set.

    `codes` and `labels` are those that training has; None where the contract knows none, then there is no such slice.
    A case without a code is in neither of the two slices, nor is one without a label.
    """
    trained = {"codes": None if codes is None else frozenset(codes), "label": None if labels is None else set(labels)}
    whole = Slice("all", "")
    found: dict[tuple[str, str], Slice] = {}
    for case in cases:
        whole.add(case)
        for key in _slices_of(case, trained):
            found.setdefault(key, Slice(*key)).add(case)
    order = {"codes": 0, "label": 1, "tag": 2}
    rest = sorted(found.values(), key=lambda one: (order[one.kind], -one.cases if one.kind == "tag" else 0, one.name))
    tags = [one for one in rest if one.kind == "tag"][:MOST_TAGS]
    return {
        "cases": whole.cases,
        "needed": NEEDED,
        "ready": whole.cases >= NEEDED,
        "slices": [one.to_data() for one in (whole, *(one for one in rest if one.kind != "tag"), *tags)],
    }


def _slices_of(case: Case, trained: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
    if trained["codes"] is not None and case.codes:
        yield "codes", "seen" if case.codes <= trained["codes"] else "unseen"
    if trained["label"] is not None and case.label:
        yield "label", "seen" if case.label in trained["label"] else "unseen"
    for tag in case.tags:
        yield "tag", tag

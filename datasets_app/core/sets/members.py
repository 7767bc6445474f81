"""The samples of a set, as rules and measures about the set see them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from datasets_app.core import duplicates
from datasets_app.core.answers import Answer
from datasets_app.core.contracts.model import EMPTY, Contract
from datasets_app.core.samples import Sample

OTHER_FILE = "other-file"  # the side of samples that are only compared with


@dataclass(frozen=True, slots=True)
class Noted:
    """A finding of a row rule as far as sets count it. `kind` is the template of what was seen (`e-mail address`)."""

    rule: str
    severity: str
    kind: str = ""
    masked: str = ""


@dataclass(slots=True)  # not frozen: every row of a file becomes one, and that would take four times as long
class Member:
    """One sample as the set sees it; `at` is its number in the dataset, or its line in a file.

    `side` is its side of the split ("" for none yet). `noted` are what the row rules found, None when nobody asked.
    `answering` is the answer's fingerprint, None when it is still to be worked out.
    """

    at: int
    sample: Sample
    answer: Answer | None
    fingerprint: str
    question: str
    label: str = ""
    side: str = ""
    tags: tuple[str, ...] = ()
    noted: tuple[Noted, ...] | None = None
    answering: str | None = None


def member(at: int, sample: Sample, contract: Contract = EMPTY, **known: Any) -> Member:
    """The sample as a member; whatever of it is not `known` yet is worked out."""
    answer = Answer(sample, contract) if sample.answer is not None else None
    if not (known.get("fingerprint") and known.get("question")):
        known["fingerprint"], known["question"] = duplicates.fingerprints(sample)
    return Member(at, sample, answer if answer and answer.text.strip() else None, **known)

"""What a model proposes as candidates: read whatever it looks like, and sorted by the dataset's contract.

A model's answer is text that anybody could have written. It is read here and never carried out; what counts has been
through the contract by the same engine that grades the dataset's samples.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from datasets_app.core.engine import Checker
from datasets_app.core.findings import Finding
from datasets_app.core.samples import Message, Sample
from ftstudio.errors import Text

KEYS = ("domain", "question", "wrong", "right")
LONGEST = 20_000  # characters of one question or answer
_READ = 400_000  # characters of an answer that are looked at
_MOST_LINES = 200  # objects of one answer that are looked at

UNREADABLE, DOMAIN, SAME, CONTRACT, HARMLESS, REPEATED = (
    "unreadable", "domain", "same", "contract", "harmless", "repeated",
)  # fmt: skip
REASONS: Mapping[str, Text] = {
    UNREADABLE: Text("is no object with the four texts"),
    DOMAIN: Text("belongs to none of the domains"),
    SAME: Text("has the same text as wrong and right answer"),
    CONTRACT: Text("has a right answer that breaks the contract"),
    HARMLESS: Text("has a wrong answer that breaks no rule"),
    REPEATED: Text("repeats another candidate or a sample of the dataset"),
}


@dataclass(frozen=True, slots=True)
class Pair:
    """What a model proposes: a question, the answer with the error, and the corrected one."""

    domain: str
    question: str
    wrong: str
    right: str


@dataclass(frozen=True, slots=True)
class Line:
    """One object of an answer: the pair, or why it is none (`raw` is what stood there)."""

    raw: str
    pair: Pair | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """`reason` is "" for a pair that counts; `findings` are those of the wrong answer, or what speaks against it."""

    reason: str
    findings: tuple[Finding, ...] = ()


# --- What comes back -------------------------------------------------------------------------------------------------
def parse(answer: str | None, domains: Sequence[str]) -> list[Line]:
    """The objects of an answer, in their order: JSONL, with or without fences, numbers, commas or words around it.

    Never raises. Where there is no object at all, one unreadable line stands for the answer.
    """
    known = {name.casefold(): name for name in domains}
    text = str(answer or "")[:_READ]
    found = [_read(raw, value, known) for raw, value in _objects(text)]
    if not found and text.strip():
        return [Line(_shown(text.strip()), reason=UNREADABLE)]
    return found


def _objects(text: str) -> Iterator[tuple[str, Any]]:
    """Each object that begins at a brace; what begins with one and is none goes to the end of its line."""
    decoder = json.JSONDecoder()
    at = text.find("{")
    for _ in range(_MOST_LINES):
        if at < 0:
            return
        try:
            value, end = decoder.raw_decode(text, at)
        except (ValueError, RecursionError):
            value, end = None, text.find("\n", at)
            end = end if end >= 0 else len(text)
        yield text[at:end], value
        at = text.find("{", end)


def _read(raw: str, value: Any, domains: Mapping[str, str]) -> Line:
    raw = _shown(raw)
    texts: list[Any] = [value.get(key) for key in KEYS] if isinstance(value, dict) else []
    if not texts or not all(isinstance(text, str) and is_text(text) and len(text) <= LONGEST for text in texts):
        return Line(raw, reason=UNREADABLE)
    domain, question, wrong, right = texts
    if not (question.strip() and wrong.strip() and right.strip()):
        return Line(raw, reason=UNREADABLE)
    named = domains.get(" ".join(domain.split()).casefold())
    pair = Pair(named or "", question, wrong, right)
    if named is None:
        return Line(raw, pair, DOMAIN)
    return Line(raw, pair, SAME if wrong.strip() == right.strip() else "")


def is_text(text: str) -> bool:
    """Whether it can be stored: no half of a surrogate pair, no NUL."""
    return "\x00" not in text and not any("\ud800" <= char <= "\udfff" for char in text)


def _shown(raw: str) -> str:
    return raw[:1000].replace("\x00", "\N{REPLACEMENT CHARACTER}").encode("utf-8", "replace").decode()


def sample_of(pair: Pair, system_prompt: str = "") -> Sample:
    """The pair as the dataset would have it."""
    turns = [Message("system", system_prompt)] if system_prompt else []
    turns += [Message("user", pair.question), Message("assistant", pair.right)]
    return Sample(tuple(turns), rejected=(Message("assistant", pair.wrong),))


def verify(pair: Pair, checker: Checker, system_prompt: str = "") -> Verdict:
    """By the dataset's contract: the right answer has no error, and nothing at all about symbols; the wrong one breaks
    a rule that the right one keeps. A pair whose error nobody can see teaches nothing that could be checked.
    """
    sample = sample_of(pair, system_prompt)
    found = checker.check(sample)
    against = tuple(one for one in found if one.severity == "error" or one.rule.startswith("symbol-"))
    if against:
        return Verdict(CONTRACT, against)
    kept = {one.rule for one in found}
    mistaken = Sample((*sample.messages[:-1], Message("assistant", pair.wrong)))
    path = f"/messages/{len(mistaken.messages) - 1}"
    broken = tuple(
        one
        for one in checker.check(mistaken)
        if one.rule not in kept and one.severity != "hint" and (one.path == path or one.path.startswith(f"{path}/"))
    )
    return Verdict("" if broken else HARMLESS, broken)

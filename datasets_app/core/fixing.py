"""All safe fixes of a sample at once: what rules offer one by one, made together, with every changed text on record.

Only what is trained is touched: texts and tool-call arguments of `messages`. The rejected answer stays wrong, because
that is what it is kept for. Fixes that overlap are taken from the left, the longest first; the others are asked for
again once those are made.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

from datasets_app.core import contracts
from datasets_app.core.engine import Checker
from datasets_app.core.findings import Finding, Fix
from datasets_app.core.rules import RULES
from datasets_app.core.rules.base import Rule, example_parts
from datasets_app.core.samples import Message, Sample
from ftstudio.errors import Listed, Text

ROUNDS = 20  # a fix may uncover the next one; rules that send each other in circles end here

_RESTLESS = Text("The fixes undo each other: correct it by hand.")
_NEW_ERRORS = Text("It would bring new errors ({rules}): correct it by hand.")


@dataclass(frozen=True, slots=True)
class Edit:
    """One text that changes. `path` is a JSON Pointer into `samples.to_data`: a content, a text part, or arguments."""

    path: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Fixed:
    """What became of a sample. `counts` says how many fixes of each rule were made.

    `refused` says why nothing was done, although there was something to do; then `sample` is as it was.
    """

    sample: Sample
    edits: tuple[Edit, ...] = ()
    counts: Mapping[str, int] = field(default_factory=dict)
    refused: Text | None = None


def fixed(sample: Sample, checker: Checker, rules: Collection[str]) -> Fixed:
    """The sample with every fix made that `rules` offer. Doing it again changes nothing more.

    A sample in which a new error would appear, or whose fixes never come to rest, is refused.
    """
    findings = before = checker.check(sample)
    now, made = sample, Counter[str]()
    for _round in range(ROUNDS):
        chosen = _chosen(now, findings, rules)
        if not chosen:
            break
        now = _with_fixes(now, chosen, made)
        findings = checker.check(now)
    else:
        return Fixed(sample, refused=_RESTLESS)
    if now == sample:
        return Fixed(sample)
    if new := _more_errors(before, findings):
        return Fixed(sample, refused=refusal_of(new))
    return Fixed(now, tuple(edits_between(sample, now)), dict(made))


@lru_cache(maxsize=1)
def fixable() -> frozenset[str]:
    """The rules that offer fixes: those of which a bad example shows one."""
    return frozenset(rule.name for rule in RULES.values() if _shows_a_fix(rule))


def new_errors(before: Sample, after: Sample, checker: Checker) -> list[str]:
    """The rules that call more wrong in `after` than in `before`, by name."""
    return _more_errors(checker.check(before), checker.check(after))


def refusal_of(rules: Iterable[str]) -> Text:
    """The sentence that says which errors a change would bring."""
    return Text(_NEW_ERRORS.template, rules=Listed(rules))


def edits_between(before: Sample, after: Sample) -> Iterator[Edit]:
    """Every text that differs, in the sample's order; both have the same turns, parts and calls."""
    texts = dict(texts_of(after))
    for path, text in texts_of(before):
        if texts[path] != text:
            yield Edit(path, text, texts[path])


def with_edits(sample: Sample, edits: Iterable[Edit]) -> Sample | None:
    """The sample with these texts changed; None if one of them does not read as the edit says any more."""
    texts = dict(texts_of(sample))
    for edit in edits:
        if texts.get(edit.path) != edit.before:
            return None
        sample = _with_text(sample, edit.path, edit.after)
    return sample


def apply_all(text: str, fixes: Iterable[Fix]) -> str:
    """The text with fixes made that do not overlap, whatever their order."""
    for fix in sorted(fixes, key=lambda fix: (fix.start, fix.end), reverse=True):
        text = fix.apply(text)
    return text


def apart(fixes: Iterable[Fix]) -> list[Fix]:
    """Those that can be made at once: from the left, of two that begin together the longer, never two at one place."""
    taken: list[Fix] = []
    for fix in sorted(set(fixes), key=lambda fix: (fix.start, -fix.end, fix.replacement)):
        if not taken or fix.start > taken[-1].end or (fix.start == taken[-1].end and fix.start < fix.end):
            taken.append(fix)
    return taken


def _shows_a_fix(rule: Rule) -> bool:
    for sample, contract, setting in map(example_parts, rule.bad):
        found = Checker(contracts.parse(contract), **setting).check(sample)
        if any(finding.fix is not None and finding.rule == rule.name for finding in found):
            return True
    return False


def _more_errors(before: Iterable[Finding], after: Iterable[Finding]) -> list[str]:
    had = Counter(finding.rule for finding in before if finding.severity == "error")
    has = Counter(finding.rule for finding in after if finding.severity == "error")
    return sorted(has - had)


def _chosen(sample: Sample, findings: Iterable[Finding], rules: Collection[str]) -> dict[str, dict[Fix, str]]:
    """path of a text → the fixes to be made in it now, each with the rule that offers it."""
    offered: dict[str, dict[Fix, str]] = defaultdict(dict)
    for finding in findings:
        if finding.fix is None or finding.rule not in rules:
            continue
        located = _located(sample, finding.path, finding.fix)
        if located is not None:
            path, text, fix = located
            if fix.apply(text) != text:
                offered[path].setdefault(fix, finding.rule)
    return {path: {fix: fixes[fix] for fix in apart(fixes)} for path, fixes in offered.items()}


def _located(sample: Sample, path: str, fix: Fix) -> tuple[str, str, Fix] | None:
    """The text that a fix belongs to, with its own path and the fix in its offsets; None if it is not ours to change.

    A finding counts in `Message.text`, in which the text parts of a list stand one under the other.
    """
    texts = dict(texts_of(sample))
    if path in texts:
        return path, texts[path], fix
    at = 0
    for own, text in texts.items():
        if own.startswith(f"{path}/"):
            if at <= fix.start and fix.end <= at + len(text):
                return own, text, Fix(fix.start - at, fix.end - at, fix.replacement)
            at += len(text) + 1
    return None


def _with_fixes(sample: Sample, chosen: Mapping[str, Mapping[Fix, str]], made: Counter[str]) -> Sample:
    texts = dict(texts_of(sample))
    for path, fixes in chosen.items():
        sample = _with_text(sample, path, apply_all(texts[path], fixes))
        made.update(fixes.values())
    return sample


def texts_of(sample: Sample) -> Iterator[tuple[str, str]]:
    """Every text of the messages that may be changed, with its path."""
    for at, message in enumerate(sample.messages):
        path = f"/messages/{at}"
        if isinstance(message.content, str):
            yield f"{path}/content", message.content
        elif message.content is not None:
            for index, part in enumerate(message.content):
                if isinstance(part, dict) and isinstance(part.get("text"), str):
                    yield f"{path}/content/{index}/text", part["text"]
        for index, call in enumerate(message.tool_calls):
            yield f"{path}/tool_calls/{index}/arguments", call.arguments


def _with_text(sample: Sample, path: str, text: str) -> Sample:
    keys = path.split("/")[2:]
    at = int(keys[0])
    messages = list(sample.messages)
    messages[at] = _changed(messages[at], keys[1:], text)
    return replace(sample, messages=tuple(messages))


def _changed(message: Message, keys: list[str], text: str) -> Message:
    if keys == ["content"]:
        return replace(message, content=text)
    index = int(keys[1])
    if keys[0] == "content":
        parts: list[Any] = list(message.content or ())
        parts[index] = {**parts[index], "text": text}
        return replace(message, content=parts)
    calls = list(message.tool_calls)
    calls[index] = replace(calls[index], arguments=text)
    return replace(message, tool_calls=tuple(calls))

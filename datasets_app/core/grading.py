"""Grade a file: every row by every rule, the set as a set, the file against the provider's limits. No database."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, BinaryIO

from datasets_app.core import profiles
from datasets_app.core.contracts.model import EMPTY, Contract
from datasets_app.core.duplicates import fingerprint, question_fingerprint
from datasets_app.core.engine import Checker, severity_of
from datasets_app.core.findings import Finding, Severity
from datasets_app.core.records import MAX_LINE, Source
from datasets_app.core.samples import Sample
from ftstudio.errors import Text


@dataclass(frozen=True, slots=True)
class Noted:
    """A finding and the line it belongs to; None: the file as a whole."""

    line: int | None
    finding: Finding


@dataclass(slots=True)
class Report:
    """What grading found. `rows` counts non-blank lines, `accepted` those that hold a sample."""

    rows: int = 0
    accepted: int = 0
    tokens_total: int = 0
    tokens_max: int = 0
    findings: list[Noted] = field(default_factory=list)

    @property
    def counts(self) -> dict[str, int]:
        """Findings per rule, the most frequent first."""
        return dict(Counter(noted.finding.rule for noted in self.findings).most_common())

    @property
    def blocking(self) -> bool:
        """Whether there is an error among the findings."""
        return any(noted.finding.severity == "error" for noted in self.findings)

    def to_data(self) -> dict[str, Any]:
        """The `--json` document."""
        return {
            "rows": self.rows,
            "accepted": self.accepted,
            "tokens": {"total": self.tokens_total, "max": self.tokens_max},
            "findings": [
                {
                    "line": noted.line,
                    "rule": noted.finding.rule,
                    "severity": noted.finding.severity,
                    "path": noted.finding.path,
                    "message": str(noted.finding.message),
                }
                for noted in self.findings
            ],
            "counts": self.counts,
        }


def grade(
    stream: BinaryIO,
    *,
    format: str = "auto",
    profile: str = "local",
    contract: Contract = EMPTY,
    against: BinaryIO | None = None,
    base_model: str = "",
    max_tokens: int | None = None,
    max_line: int = MAX_LINE,
) -> Report:
    """Grade JSONL (or one JSON array) in one pass; both streams must be seekable and at their start.

    `against` is a second file whose questions must not occur in this one (`split-leak`). `base_model` chooses how
    tokens are counted and the limit per sample; `max_tokens` stands in for that limit. Raises `InvalidInput` for an
    unknown format or profile.
    """
    checker = Checker(contract, profile, base_model, max_tokens or 0)
    source = Source(stream, format, max_line)
    members = _Members(checker, _questions(against, format, max_line) if against is not None else {})
    report = Report()
    for row in source.rows():
        report.rows += 1
        if row.sample is None:
            if row.error is not None:
                refusal = Finding(row.error.code, "error", row.error.text, row.path)
                report.findings.append(Noted(row.line, refusal))
            continue
        report.accepted += 1
        count = checker.tokens(row.sample)
        report.tokens_total += count
        report.tokens_max = max(report.tokens_max, count)
        found = [*checker.check(row.sample), *members.check(row.sample, row.line)]
        report.findings += [Noted(row.line, finding) for finding in found]
    report.findings += [Noted(None, finding) for finding in _of_file(checker, members, report.accepted, source.size)]
    return report


class _Members:
    """What only the set can tell: a sample that was there before, a question that was answered otherwise."""

    def __init__(self, checker: Checker, leaks: dict[str, int]) -> None:
        self._checker = checker
        self._leaks = leaks
        self._whole: dict[str, int] = {}
        self._asked: dict[str, int] = {}

    def check(self, sample: Sample, line: int) -> Iterator[Finding]:
        whole = fingerprint(sample)
        first = self._whole.setdefault(whole, line)
        question = question_fingerprint(sample)
        asked = self._asked.setdefault(question, line)
        if first != line:
            yield from self.raised("duplicate", "warning", Text("The same sample as on line {line}.", line=first))
        elif asked != line and sample.answer is not None and not sample.rejected:
            yield from self.raised(
                "conflicting-answer",
                "warning",
                Text("The same question as on line {line}, answered otherwise.", line=asked),
            )
        if question in self._leaks:
            yield from self.raised(
                "split-leak", "error",
                Text("The same question is on line {line} of the other file: keep it in one of them.",
                     line=self._leaks[question]),
            )  # fmt: skip

    def raised(self, rule: str, default: Severity, message: Text) -> Iterator[Finding]:
        """The finding at the severity that contract and profile give the rule; nothing when it is off."""
        level = severity_of(rule, default, contract=self._checker.contract, profile=self._checker.profile)
        if level != "off":
            yield Finding(rule, level, message)


def _questions(stream: BinaryIO, format: str, max_line: int) -> dict[str, int]:
    """The questions of a file, each with the first line it is on; rows without a sample are passed over."""
    found: dict[str, int] = {}
    for row in Source(stream, format, max_line).rows():
        if row.sample is not None:
            found.setdefault(question_fingerprint(row.sample), row.line)
    return found


def _of_file(checker: Checker, members: _Members, accepted: int, size: int) -> Iterator[Finding]:
    profile: profiles.Profile = checker.profile
    if profile.min_samples is not None and accepted < profile.min_samples:
        yield from members.raised(
            "too-few-samples", "error",
            Text("{count} samples, and {provider} wants at least {min}.", count=accepted, provider=profile.label,
                 min=profile.min_samples),
        )  # fmt: skip
    if profile.max_file_bytes is not None and size > profile.max_file_bytes:
        yield from members.raised(
            "file-too-large", "error",
            Text("{size} bytes, and {provider} takes at most {max}: split the file.", size=size,
                 provider=profile.label, max=profile.max_file_bytes),
        )  # fmt: skip
    if profile.max_samples is not None and accepted > profile.max_samples:
        yield from members.raised(
            "file-too-large", "error",
            Text("{count} samples, and {provider} takes at most {max}: split the file.", count=accepted,
                 provider=profile.label, max=profile.max_samples),
        )  # fmt: skip

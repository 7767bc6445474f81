"""Grade a file: every row by every rule, the set as a set, the file against the provider's limits. No database."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any, BinaryIO

from datasets_app.core.contracts.model import EMPTY, Contract
from datasets_app.core.engine import Checker
from datasets_app.core.findings import Finding
from datasets_app.core.limits import of_file
from datasets_app.core.records import MAX_LINE, Source
from datasets_app.core.sets.base import OTHER_FILE, Setting, member
from datasets_app.core.sets.look import Look
from datasets_app.core.splitting import SIDES
from ftstudio.errors import Text

THIS_FILE = SIDES[0]  # the side of the file that is graded, as against the other one


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
    tokens_exact: bool = False
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
    """Grade a file of any container in one pass; both streams must be seekable and at their start.

    Near duplicates are among the findings: looking for them costs some ten microseconds a row, so nobody need ask.
    `against` is a second file whose questions and near duplicates must not occur here (`split-leak`). `base_model`
    chooses how tokens are counted and the limit per sample; `max_tokens` stands in for that limit. Raises
    `InvalidInput` for an unknown format or profile.
    """
    checker = Checker(contract, profile, base_model, max_tokens or 0)
    source = Source(stream, format, max_line)
    report = Report(tokens_exact=checker.encoder.exact)
    setting = Setting(
        contract, checker.profile, lambda line: Text("line {line}", line=line), graver={"split-leak": "error"}
    )
    with Look(setting, measures=False) as look:
        if against is not None:
            _compared(look, against, format, max_line)
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
            look.add(member(row.line, row.sample, contract, side=THIS_FILE))
            report.findings += [Noted(row.line, finding) for finding in checker.check(row.sample)]
        look.close()
        about = [Noted(look.columns.at[index], finding) for index, finding in look.findings()]
    if about:
        report.findings = sorted([*report.findings, *about], key=lambda noted: noted.line or 0)
    limits = of_file(checker.profile, rows=report.accepted, size=source.size, contract=contract)
    report.findings += [Noted(None, finding) for finding in limits]
    return report


def _compared(look: Look, stream: BinaryIO, format: str, max_line: int) -> None:
    """Show the look the other file's samples; rows without one are passed over."""
    for row in Source(stream, format, max_line).rows():
        if row.sample is not None:
            look.compare_with(member(row.line, row.sample, side=OTHER_FILE))

"""Grade a file: every row by every rule, the set as a set, the file against the provider's limits. No database."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from typing import Any, BinaryIO

from datasets_app.core.answers import Answer
from datasets_app.core.blocks import Block
from datasets_app.core.contracts.model import EMPTY, Contract
from datasets_app.core.duplicates import all_fingerprints
from datasets_app.core.engine import Checker
from datasets_app.core.findings import Finding
from datasets_app.core.limits import of_file
from datasets_app.core.opening import Told
from datasets_app.core.records import MAX_LINE, Row, Source
from datasets_app.core.samples import Sample
from datasets_app.core.sets.base import Setting
from datasets_app.core.sets.look import Look, Sight
from datasets_app.core.sets.members import OTHER_FILE, Member, member
from datasets_app.core.splitting import SIDES
from ftstudio.errors import Text
from ftstudio.sweeping import put_off

THIS_FILE = SIDES[0]  # the side of the file that is graded, as against the other one
BATCH = 400  # rows graded at once of a file that is not one of lines

Spread = Callable[[Callable[[Block], "Part"], Iterable[Block]], Iterable["Part"]]


@dataclass(frozen=True, slots=True)
class Noted:
    """A finding and the line it belongs to; None: the file as a whole."""

    line: int | None
    finding: Finding


@dataclass(slots=True)
class Report:
    """What grading found. `rows` counts non-blank lines, `accepted` those that hold a sample. `doubt` as of
    `Source`."""

    rows: int = 0
    accepted: int = 0
    tokens_total: int = 0
    tokens_max: int = 0
    tokens_exact: bool = False
    findings: list[Noted] = field(default_factory=list)
    doubt: Text | None = None

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


@dataclass(slots=True)
class Part:
    """What was found in some rows of the file, each by itself, and what a look takes of them."""

    rows: int = 0
    accepted: int = 0
    tokens_total: int = 0
    tokens_max: int = 0
    findings: list[Noted] = field(default_factory=list)
    sight: Sight = field(default_factory=Sight)


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
    rows_only: bool = False,
    spread: Spread = map,
    threads: int = 1,
    told: Told | None = None,
) -> Report:
    """Grade a file of any container in one pass; both streams must be seekable and at their start.

    Near duplicates are among the findings: looking for them costs some ten microseconds a row, so nobody need ask.
    `against` is a second file whose questions and near duplicates must not occur here (`split-leak`). `base_model`
    chooses how tokens are counted and the limit per sample; `max_tokens` stands in for that limit. With `rows_only`
    each row is graded by itself and nothing is said about the set; then there is nothing to hold `against` it. `spread`
    does the work on the blocks of a file of lines and gives what was found in the order of the blocks, as `map` does;
    another one may use several processes. Near duplicates are then compared by so many `threads`. `told` is what a
    person said of the file; of `against` its columns hold too, where that is a table with the same ones. Raises
    `InvalidInput` for an unknown format or profile, for a file that cannot be read, and for a column or sheet it lacks.
    """
    checker = Checker(contract, profile, base_model, max_tokens or 0)
    checker.encoder.count("")  # so that a vocabulary is loaded once, and not by every process
    source = Source(stream, format, max_line, told=told or Told())
    report = Report(tokens_exact=checker.encoder.exact)
    setting = Setting(
        contract, checker.profile, lambda line: Text("line {line}", line=line), graver={"split-leak": "error"}
    )
    with Look(setting, measures=False) as look:
        if against is not None:
            _compared(look, source, against)
        seen = None if rows_only else look
        blocks = source.blocks()
        parts = (
            map(partial(_part, checker, seen), _batches(source.rows()))
            if blocks is None
            else spread(lambda block: _part(checker, seen, source.part(block).rows()), blocks)
        )
        for part in parts:
            report.rows += part.rows
            report.accepted += part.accepted
            report.tokens_total += part.tokens_total
            report.tokens_max = max(report.tokens_max, part.tokens_max)
            report.findings += part.findings
            if seen is not None:
                seen.take(part.sight)
        report.doubt = source.doubt
        look.close(threads=threads)
        about = [Noted(look.columns.at[index], finding) for index, finding in look.findings()]
    if about:
        report.findings = sorted([*report.findings, *about], key=lambda noted: noted.line or 0)
    limits = of_file(checker.profile, rows=report.accepted, size=source.size, contract=contract)
    report.findings += [Noted(None, finding) for finding in limits]
    return report


@put_off()
def _part(checker: Checker, look: Look | None, rows: Iterable[Row]) -> Part:
    """Grade the rows: all that can be said of them without the others. Changes neither checker nor look.

    Without a look nothing is taken of them for the set.

    One step for all rows after another: a processor is faster at a small piece of code again and again.
    """
    part = Part()
    read = list(rows)
    part.rows = len(read)
    answers: list[tuple[int, Sample, Answer | None]] = []
    for row in read:
        sample = row.sample
        if sample is None:
            if row.error is not None:
                part.findings.append(Noted(row.line, Finding(row.error.code, "error", row.error.text, row.path)))
            continue
        count = checker.tokens(sample)
        part.tokens_total += count
        if count > part.tokens_max:
            part.tokens_max = count
        for finding in checker.check(sample):
            part.findings.append(Noted(row.line, finding))
        answers.append((row.line, sample, checker.answer(sample)))
    part.accepted = len(answers)
    if look is None:
        return part
    part.sight = look.see(
        Member(line, sample, answer, whole, question, "", THIS_FILE, (), None, answering)
        for line, sample, answer in answers
        for whole, question, answering in (all_fingerprints(sample),)
    )
    return part


def _batches(rows: Iterator[Row]) -> Iterator[list[Row]]:
    while batch := list(islice(rows, BATCH)):
        yield batch


def _compared(look: Look, source: Source, stream: BinaryIO) -> None:
    """Show the look the other file's samples; rows without one are passed over."""
    other = Source(stream, source.format, source.max_line)
    chosen = {column for name, column in source.told.mapping.items() if name != "keep"}
    if chosen and chosen <= set(other.columns()):
        other.told = Told(mapping=source.told.mapping)
    for row in other.rows():
        if row.sample is not None:
            look.compare_with(member(row.line, row.sample, side=OTHER_FILE))

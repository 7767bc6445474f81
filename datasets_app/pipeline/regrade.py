"""The samples of one range of positions, graded again: looked at in peace, written in one short transaction.

Only what changed is written: a sample about which the same is said as before keeps its rows, and with them the version
of the rules that said it first. What a scan said of the set stays; the next scan brings it up to date.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from datasets_app.core import samples
from datasets_app.core.engine import Checker
from datasets_app.core.findings import RANK, Finding
from datasets_app.core.sets import SCANNED
from datasets_app.models import Dataset, DatasetCount, FindingRow, Revision, Sample
from datasets_app.models.sample import Status

from . import bulk, deduplicate
from .grading import FINDING_COLUMNS, MOST_FINDINGS, finding_values, lines_of, worst_key
from .waiving import NONE, waived

Changes = Counter[tuple[str, str]]  # as DatasetCount.add takes them
SAMPLE_COLUMNS = ("worst", "findings_total", "label", "tokens", "title", "snippet")
_SAID = FINDING_COLUMNS[4:-2]  # what a finding says: rule, severity, path, start, end, message, fix
_RULE, _SEVERITY = 0, 1


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the rules say of one revision, by itself."""

    revision_id: int
    number: int
    findings: tuple[Finding, ...]
    label: str
    tokens: int
    lines: tuple[str, str]  # title and snippet: what is masked in them is what the rules find


@dataclass(frozen=True, slots=True)
class Seen:
    """The verdicts of a range of positions, by sample."""

    first: int
    last: int
    verdicts: dict[int, Verdict]


def look(dataset: Dataset, checker: Checker, first: int, last: int) -> Seen:
    """Grade the current revisions at positions `first` to `last`. Reads only; nobody waits for it."""
    rows = Revision.objects.current().filter(sample__dataset=dataset, sample__position__range=(first, last)).order_by()
    rows = rows.exclude(sample__status=Status.TRASHED)  # graded when it is taken out again
    return Seen(first, last, _verdicts(rows, checker))


def _verdicts(rows: Any, checker: Checker) -> dict[int, Verdict]:
    found = {}
    for sample_id, pk, number, payload in rows.values_list("sample_id", "pk", "number", "payload").iterator(500):
        sample = samples.from_json(payload)
        findings = checker.check(sample)
        found[sample_id] = Verdict(
            pk,
            number,
            findings[:MOST_FINDINGS],
            checker.label(sample)[:60],
            checker.tokens(sample),
            lines_of(sample, findings),
        )
    return found


def write(dataset: Dataset, checker: Checker, seen: Seen) -> Changes:
    """Bring findings, worst severities, labels, tokens and the lines of lists in line with what was seen.

    Runs in the caller's transaction. A sample that was edited since it was looked at is looked at again here. Returns
    what it means for the counters.
    """
    rows = list(
        Sample.objects.select_for_update(no_key=True)
        .filter(dataset=dataset, position__range=(seen.first, seen.last))
        .exclude(status=Status.TRASHED)
        .order_by("pk")
        .only("pk", "position", "fingerprint", "revision_number", *SAMPLE_COLUMNS)
    )
    verdicts = dict(seen.verdicts)
    edited = [row.pk for row in rows if row.pk not in verdicts or verdicts[row.pk].number != row.revision_number]
    for at in range(0, len(edited), 500):
        block = Revision.objects.current().filter(sample__in=edited[at : at + 500]).order_by()
        verdicts.update(_verdicts(block, checker))
    return _Writing(dataset, checker, rows, verdicts).run()


def count(dataset: Dataset, changes: Changes) -> None:
    """Write the counters; the last thing in the transaction, for everybody waits for these rows."""
    DatasetCount.objects.add(dataset, changes)


class _Writing:
    """One range being written: what is said now, what is to be said, and the difference."""

    def __init__(
        self, dataset: Dataset, checker: Checker, rows: Sequence[Sample], verdicts: dict[int, Verdict]
    ) -> None:
        self.dataset, self.checker, self.rows, self.verdicts = dataset, checker, rows, verdicts
        pks = [row.pk for row in rows]
        self.passes = waived(pks)
        self.firsts = deduplicate.first_positions(dataset.pk, (row.fingerprint for row in rows))
        self.said: dict[int, list[tuple[Any, ...]]] = defaultdict(list)
        self.waived_said: dict[int, set[str]] = defaultdict(set)
        self.of_set: dict[int, list[int]] = defaultdict(list)  # ranks of what a scan said, unless it was let pass
        self._read(pks)
        self.changes: Changes = Counter()
        self.silenced: list[int] = []
        self.findings: list[tuple[Any, ...]] = []
        self.samples: list[tuple[Any, ...]] = []

    def _read(self, pks: list[int]) -> None:
        if not pks:
            return
        # By range: the keys of neighbours are neighbours, and a list of thousands would be read as so many parameters.
        current = FindingRow.objects.current().filter(sample__gte=min(pks), sample__lte=max(pks)).order_by()
        mine = set(pks)
        for sample_id, passed, *said in current.values_list("sample_id", "waived", *_SAID):
            if sample_id not in mine:
                continue
            if said[_RULE] not in SCANNED:
                self.said[sample_id].append(tuple(said))
                if passed:
                    self.waived_said[sample_id].add(said[_RULE])
            elif not passed:
                self.of_set[sample_id].append(RANK[said[_SEVERITY]])

    def run(self) -> Changes:
        for row in self.rows:
            self._one(row, self.verdicts[row.pk])
        for at in range(0, len(self.silenced), 500):
            block = self.silenced[at : at + 500]
            FindingRow.objects.current().filter(sample__in=block).exclude(rule__in=SCANNED).delete()
        bulk.insert(FindingRow, FINDING_COLUMNS, self.findings)
        bulk.update(Sample, SAMPLE_COLUMNS, self.samples)
        return self.changes

    def _one(self, row: Sample, verdict: Verdict) -> None:
        findings = verdict.findings
        if (first := self.firsts[row.fingerprint]) != row.position:
            repeated = deduplicate.finding_of(first, self.checker)
            findings = (*findings, repeated) if repeated else findings
        passed = self.passes.get(row.pk, NONE)
        said = self.said[row.pk]
        if findings or said:
            self._say(row.pk, verdict, findings, passed, said)
        ranks = [RANK[one.severity] for one in findings if one.rule not in passed] + self.of_set[row.pk]
        worst = max(ranks, default=0)
        now = (worst, len(ranks), verdict.label, verdict.tokens, *verdict.lines)
        if now == (row.worst, row.findings_total, row.label, row.tokens, row.title, row.snippet):
            return
        self.samples.append((row.pk, *now))
        if worst != row.worst:
            self.changes["worst", worst_key(row.worst)] -= 1
            self.changes["worst", worst_key(worst)] += 1
        if verdict.label != row.label:
            self.changes.update({("label", name): n for name, n in ((row.label, -1), (verdict.label, 1)) if name})

    def _say(
        self, pk: int, verdict: Verdict, findings: Sequence[Finding], passed: Any, said: list[tuple[Any, ...]]
    ) -> None:
        values = [
            finding_values(
                finding,
                dataset_id=self.dataset.pk,
                sample_id=pk,
                revision_id=verdict.revision_id,
                version=self.checker.version,
                waived=finding.rule in passed,
            )
            for finding in findings
        ]
        passed_before = self.waived_said[pk]
        if passed_before == {one.rule for one in findings} & set(passed) and _same(
            said, [value[4:-2] for value in values]
        ):
            return
        before = {one[_RULE] for one in said} - passed_before
        after = {one.rule for one in findings} - set(passed)
        self.changes.update(("rule", rule) for rule in after - before)
        self.changes.subtract(("rule", rule) for rule in before - after)
        if said:
            self.silenced.append(pk)
        self.findings += values


def _same(said: list[tuple[Any, ...]], values: list[tuple[Any, ...]]) -> bool:
    """Whether these findings say the same, in whatever order."""
    return len(said) == len(values) and all(one in said for one in values)

"""Adding graded samples to the end of a dataset: every row they need, in the caller's transaction."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import F
from django.utils import timezone

from datasets_app.core.engine import Checker
from datasets_app.core.findings import Finding
from datasets_app.models import Dataset, DatasetCount, FindingRow, Revision, Sample, SampleText

from . import bulk, deduplicate
from .grading import FINDING_COLUMNS, Graded, finding_values, worst_key, worst_of

SAMPLE_COLUMNS = (
    "dataset_id", "position", "upload_id", "line", "status", "split", "tokens", "worst", "findings_total",
    "has_rejected", "fingerprint", "question", "label", "cluster", "pinned", "title", "snippet", "revision_number",
    "changed_at", "changed_by_id",
)  # fmt: skip
REVISION_COLUMNS = (
    "sample_id", "number", "payload", "content_hash", "origin", "reason", "author_id", "at", "guideline_version",
    "rule_set_version", "style",
)  # fmt: skip
TEXT_COLUMNS = ("sample_id", "dataset_id", "text")


@dataclass(frozen=True, slots=True)
class Appended:
    """Where the samples went: the first one's position, how many there are, how many of them repeat another."""

    first: int
    total: int
    duplicates: int


def append(
    dataset: Dataset,
    graded: Sequence[Graded],
    *,
    checker: Checker,
    author_id: Any,
    lines: Sequence[int] | None = None,
    upload_id: Any = None,
    pinned: str = "",
    styles: Sequence[str] | None = None,
) -> Appended:
    """Write samples, first revisions, search texts, findings and counters.

    `lines` are the samples' lines in the upload and `styles` how those were written; `pinned` is the side of a split
    that all of them belong to. Nothing of this is known of samples that come from elsewhere.

    Positions are handed out under the lock of the dataset's row, so two imports into one dataset take turns.
    """
    total = len(graded)
    Dataset.objects.filter(pk=dataset.pk).update(
        next_position=F("next_position") + total, samples_total=F("samples_total") + total
    )
    first = Dataset.objects.values_list("next_position", flat=True).get(pk=dataset.pk) - total
    findings, duplicates = _with_duplicates(dataset, graded, first, checker)
    now = timezone.now()
    bulk.insert(
        Sample,
        SAMPLE_COLUMNS,
        (
            (dataset.pk, first + at, upload_id, lines[at] if lines else None, "pending", "", one.tokens,
             worst_of(findings[at]), len(findings[at]), bool(one.sample.rejected), one.fingerprint, one.question,
             one.label, 0, pinned, one.title, one.snippet, 1, now, author_id)
            for at, one in enumerate(graded)
        ),
    )  # fmt: skip
    new = Sample.objects.filter(dataset=dataset, position__gte=first, position__lt=first + total).order_by("position")
    ids = list(new.values_list("pk", flat=True))
    bulk.insert(
        Revision,
        REVISION_COLUMNS,
        (
            (ids[at], 1, one.payload, one.content_hash, "import", "", author_id, now, dataset.guideline_version,
             checker.version, styles[at] if styles else "")
            for at, one in enumerate(graded)
        ),
    )  # fmt: skip
    bulk.insert(SampleText, TEXT_COLUMNS, ((ids[at], dataset.pk, one.search) for at, one in enumerate(graded)))
    _write_findings(dataset, ids, findings, first, checker)
    changes: Counter[tuple[str, str]] = Counter({("status", "pending"): total})
    changes.update(("label", one.label) for one in graded if one.label)
    for found in findings:
        changes["worst", worst_key(worst_of(found))] += 1
        changes.update({("rule", rule): 1 for rule in {finding.rule for finding in found}})
    DatasetCount.objects.add(dataset, changes)
    return Appended(first, total, duplicates)


def _with_duplicates(
    dataset: Dataset, graded: Sequence[Graded], first: int, checker: Checker
) -> tuple[list[tuple[Finding, ...]], int]:
    """Each sample's findings, with `duplicate` where an earlier sample, here or in the dataset, is the same."""
    known = deduplicate.first_positions(dataset.pk, (one.fingerprint for one in graded))
    findings = []
    duplicates = 0
    for at, one in enumerate(graded):
        earlier = known.setdefault(one.fingerprint, first + at)
        repeated = None
        if earlier != first + at:
            duplicates += 1
            repeated = deduplicate.finding_of(earlier, checker)
        findings.append((*one.findings, repeated) if repeated else one.findings)
    return findings, duplicates


def _write_findings(
    dataset: Dataset, ids: Sequence[int], findings: Sequence[tuple[Finding, ...]], first: int, checker: Checker
) -> None:
    if not any(findings):
        return
    revisions = dict(
        Revision.objects.filter(
            number=1, sample__dataset=dataset, sample__position__gte=first, sample__position__lt=first + len(ids)
        ).order_by().values_list("sample_id", "pk")
    )  # fmt: skip
    bulk.insert(
        FindingRow,
        FINDING_COLUMNS,
        (
            finding_values(finding, dataset_id=dataset.pk, sample_id=ids[at], revision_id=revisions[ids[at]],
                           version=checker.version)
            for at, found in enumerate(findings)
            for finding in found
        ),
    )  # fmt: skip

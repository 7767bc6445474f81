"""Adding graded samples to a dataset: every row they need, in the caller's transaction."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import F
from django.utils import timezone

from datasets_app.core.engine import Checker
from datasets_app.core.findings import Finding
from datasets_app.models import Dataset, DatasetCount, FindingRow, Revision, Sample, SampleTag, SampleText

from . import bulk, deduplicate, keys
from .grading import FINDING_COLUMNS, Graded, finding_values, worst_key, worst_of

SAMPLE_COLUMNS = (
    "id", "dataset_id", "position", "upload_id", "line", "status", "split", "tokens", "worst", "findings_total",
    "has_rejected", "fingerprint", "question", "label", "cluster", "pinned", "title", "snippet", "revision_number",
    "changed_at", "changed_by_id",
)  # fmt: skip
REVISION_COLUMNS = (
    "id", "sample_id", "number", "payload", "content_hash", "origin", "reason", "author_id", "at", "guideline_version",
    "rule_set_version", "style",
)  # fmt: skip
TAG_COLUMNS = ("dataset_id", "sample_id", "name")
TEXT_COLUMNS = ("sample_id", "dataset_id", "text")

Changes = Counter[tuple[str, str]]  # as DatasetCount.add takes them


@dataclass(frozen=True, slots=True)
class Appended:
    """Where the samples went: the first one's position, how many there are, how many of them repeat another."""

    first: int
    total: int
    duplicates: int


@dataclass(frozen=True, slots=True)
class Origin:
    """Where samples come from. `lines` are theirs in the upload and `styles` how those were written; `pinned` is the
    side of a split that all of them belong to; `tags` each sample's. Nothing of this is known of samples that come from
    elsewhere."""

    author_id: Any
    upload_id: Any = None
    lines: Sequence[int] = ()
    styles: Sequence[str] = ()
    pinned: str = ""
    tags: Sequence[Sequence[str]] = ()


def append(
    dataset: Dataset,
    graded: Sequence[Graded],
    *,
    checker: Checker,
    origin: Origin,
) -> Appended:
    """Write the samples at the end of the dataset, with what `write` adds, `duplicate` findings and counters.

    Positions are handed out under the lock of the dataset's row, so two appends to one dataset take turns.
    """
    total = len(graded)
    Dataset.objects.filter(pk=dataset.pk).update(
        next_position=F("next_position") + total, samples_total=F("samples_total") + total
    )
    first = Dataset.objects.values_list("next_position", flat=True).get(pk=dataset.pk) - total
    findings, duplicates = _with_duplicates(dataset, graded, first, checker)
    changes = write(
        dataset,
        graded,
        findings,
        positions=range(first, first + total),
        sample_ids=keys.take(Sample, total),
        checker=checker,
        origin=origin,
    )
    DatasetCount.objects.add(dataset, changes)
    return Appended(first, total, duplicates)


def write(
    dataset: Dataset,
    graded: Sequence[Graded],
    findings: Sequence[Sequence[Finding]],
    *,
    positions: Sequence[int],
    sample_ids: Sequence[int],
    checker: Checker,
    origin: Origin,
) -> Changes:
    """Write samples, first revisions, findings and search texts. Returns what it means for the dataset's counters.

    Positions and keys are the caller's, who also counts `samples_total`. No row of the dataset is locked here: several
    workers may write at the same time.
    """
    now = timezone.now()
    lines, styles = origin.lines, origin.styles
    revision_ids = keys.take(Revision, len(graded))
    bulk.insert(
        Sample,
        SAMPLE_COLUMNS,
        (
            (sample_ids[at], dataset.pk, positions[at], origin.upload_id, lines[at] if lines else None, "pending", "",
             one.tokens, worst_of(findings[at]), len(findings[at]), bool(one.sample.rejected), one.fingerprint,
             one.question, one.label, 0, origin.pinned, one.title, one.snippet, 1, now, origin.author_id)
            for at, one in enumerate(graded)
        ),
    )  # fmt: skip
    bulk.insert(
        Revision,
        REVISION_COLUMNS,
        (
            (revision_ids[at], sample_ids[at], 1, one.payload, one.content_hash, "import", "", origin.author_id, now,
             dataset.guideline_version, checker.version, styles[at] if styles else "")
            for at, one in enumerate(graded)
        ),
    )  # fmt: skip
    bulk.insert(
        FindingRow,
        FINDING_COLUMNS,
        (
            finding_values(finding, dataset_id=dataset.pk, sample_id=sample_ids[at], revision_id=revision_ids[at],
                           version=checker.version)
            for at, found in enumerate(findings)
            for finding in found
        ),
    )  # fmt: skip
    if any(origin.tags):
        tagged = ((dataset.pk, sample_ids[at], name) for at, names in enumerate(origin.tags) for name in names)
        bulk.insert(SampleTag, TAG_COLUMNS, tagged)
    # The last and in few statements: at every savepoint SQLite's text index writes out what it has gathered.
    bulk.insert(SampleText, TEXT_COLUMNS, ((sample_ids[at], dataset.pk, one.search) for at, one in enumerate(graded)))
    changes = _changes(graded, findings)
    changes.update(("tag", name) for names in origin.tags for name in names)
    return changes


def _changes(graded: Sequence[Graded], findings: Sequence[Sequence[Finding]]) -> Changes:
    changes: Changes = Counter({("status", "pending"): len(graded)})
    changes.update(("label", one.label) for one in graded if one.label)
    for found in findings:
        changes["worst", worst_key(worst_of(found))] += 1
        for rule in {finding.rule for finding in found}:
            changes["rule", rule] += 1
    return changes


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

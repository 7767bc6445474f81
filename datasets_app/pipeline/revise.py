"""A sample's next revision, with everything that hangs on it, in the caller's transaction."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from typing import Any

from django.utils import timezone

from datasets_app.core.engine import Checker
from datasets_app.core.findings import RANK
from datasets_app.models import FindingRow, Revision, Sample, SampleText
from datasets_app.models.sample import Status

from . import bulk, contradictions, deduplicate
from .grading import FINDING_COLUMNS, Graded, finding_values, worst_key, worst_of
from .waiving import NONE, standing, waived


def revise(
    sample: Sample,
    graded: Graded,
    *,
    checker: Checker,
    base_revision: int,
    author: Any,
    origin: str,
    reason: str,
    guideline_version: int,
    client_id: str | None,
    counted: Counter[tuple[str, str]],
    keep_status: bool = False,
    style: str = "",
) -> bool:
    """Write the revision after `base_revision`. False, with nothing written, if the sample shows another one by now.

    What changes in the dataset's counters is added to `counted`, for the caller to write last and in one go:
    counters are rows that everybody waits for, and taking them twice could lock two people into each other.

    `sample` is the row as read inside this transaction; it is brought up to date. An accepted sample that gets an
    error finding is pending again; every other status stays. Findings that a lead lets pass do not count. With
    `keep_status` every status stays: the caller has made sure that no error is new. `style` says how the
    content's line was written, where it is one that was imported.
    """
    passed = waived([sample.pk]).get(sample.pk, NONE)
    stands = standing(graded.findings, passed)
    worst = worst_of(stands)
    status = sample.status
    if not keep_status and status == Status.ACCEPTED and worst == RANK["error"]:
        status = Status.PENDING
    changes: dict[str, Any] = {
        "revision_number": base_revision + 1,
        "status": status,
        "tokens": graded.tokens,
        "worst": worst,
        "findings_total": len(stands),
        "has_rejected": bool(graded.sample.rejected),
        "fingerprint": graded.fingerprint,
        "question": graded.question,
        "label": graded.label,
        "title": graded.title,
        "snippet": graded.snippet,
        "changed_at": timezone.now(),
        "changed_by_id": author.pk,
    }
    if not Sample.objects.filter(pk=sample.pk, revision_number=base_revision).update(**changes):
        return False
    revision = Revision.objects.create(
        sample_id=sample.pk,
        number=base_revision + 1,
        payload=graded.payload,
        content_hash=graded.content_hash,
        origin=origin,
        reason=reason,
        author=author,
        guideline_version=guideline_version,
        rule_set_version=checker.version,
        client_id=client_id,
        style=style,
    )
    counted.subtract([("status", sample.status), ("worst", worst_key(sample.worst))])
    counted.update([("status", status), ("worst", worst_key(worst))])
    if sample.label != graded.label:
        counted.subtract([("label", sample.label)] if sample.label else [])
        counted.update([("label", graded.label)] if graded.label else [])
    _replace_findings(sample, revision, graded, passed, checker, counted)
    SampleText.objects.filter(pk=sample.pk).exclude(text=graded.search).update(text=graded.search)
    fingerprints, questions = {sample.fingerprint, graded.fingerprint}, {sample.question, graded.question}
    counted["revised", ""] += 1
    for name, value in changes.items():
        setattr(sample, name, value)
    deduplicate.refresh(sample.dataset_id, fingerprints, checker, counted, fresh=sample.pk)
    contradictions.refresh(sample.dataset_id, questions, checker, counted, fresh=sample.pk)
    return True


def _replace_findings(
    sample: Sample,
    revision: Revision,
    graded: Graded,
    passed: Collection[str],
    checker: Checker,
    counted: Counter[tuple[str, str]],
) -> None:
    current = FindingRow.objects.current().filter(sample_id=sample.pk)
    said = set(current.values_list("rule", flat=True).order_by())
    if said:
        current.update(current=False)
    before, after = said - set(passed), {finding.rule for finding in graded.findings} - set(passed)
    counted.update(("rule", rule) for rule in after - before)
    counted.subtract(("rule", rule) for rule in before - after)
    if graded.findings:
        bulk.insert(
            FindingRow,
            FINDING_COLUMNS,
            (
                finding_values(finding, dataset_id=sample.dataset_id, sample_id=sample.pk, revision_id=revision.pk,
                               version=checker.version, waived=finding.rule in passed)
                for finding in graded.findings
            ),
        )  # fmt: skip

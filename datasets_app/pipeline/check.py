"""Grading every sample of a dataset again after its contract or profile changed, chunk by chunk under a lease.

`Dataset.checking_version` says which rules are being applied and `checked_to` how far; both move in the chunk's
own transaction. A change of the rules meanwhile starts over at the first position.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any
from uuid import UUID, uuid4

from django.conf import settings
from django.db import transaction

from datasets_app.core import samples
from datasets_app.core.engine import Checker
from datasets_app.models import Dataset, DatasetCount, FindingRow, Revision, Sample

from . import bulk, deduplicate
from .attempts import failing_once, past_deadlocks
from .grading import FINDING_COLUMNS, MOST_FINDINGS, checker_of, finding_values, worst_key, worst_of
from .waiving import NONE, standing, waived


class _Stopped(Exception):
    """The lease is gone or the rules changed again."""


def check(dataset_id: UUID | str) -> None:
    """Apply the dataset's rules to all its samples, as far as that is still to do. Safe to call at any time."""
    key = uuid4().hex
    if not Dataset.objects.to_check().claim(dataset_id, key):
        return
    try:
        with failing_once(lambda _text: _give_up(dataset_id, key)):
            while _one_version(dataset_id, key):
                continue  # the rules changed while we were at it: begin again under the newest
    finally:
        Dataset.objects.release(dataset_id, key)


def _give_up(dataset_id: UUID | str, key: str) -> None:
    """Stop checking again. Some samples are graded by the new rules and some by the old: `Dataset.check_broke`."""
    Dataset.objects.renew(dataset_id, key, checking_version="", checked_to=0, rule_set_version="")


def _one_version(dataset_id: UUID | str, key: str) -> bool:
    """Apply the newest rules to the end. True if they were overtaken by newer ones that wait now."""
    dataset = Dataset.objects.get(pk=dataset_id)
    if not dataset.checking_version:
        return False
    checker = checker_of(dataset)
    try:
        while past_deadlocks(lambda: _chunk(dataset, checker, key)):
            continue
    except _Stopped:
        return Dataset.objects.to_check().filter(pk=dataset_id, lease_key=key).exists()
    return False


def _chunk(dataset: Dataset, checker: Checker, key: str) -> bool:
    """Check the next samples by position. False: there were none left, and the dataset is up to date."""
    step = settings.INGEST_CHUNK_ROWS
    mine = Dataset.objects.filter(checking_version=dataset.checking_version)
    with transaction.atomic():
        if not mine.renew(dataset.pk, key):  # first, because it locks the dataset: imports wait, and no one is missed
            raise _Stopped
        rows = list(
            Sample.objects.select_for_update(no_key=True)
            .filter(dataset=dataset, position__gt=dataset.checked_to)
            .order_by("position")
            .only("pk", "position", "worst", "fingerprint", "label", "tokens", "revision_number")[:step]
        )
        if not rows:
            mine.renew(dataset.pk, key, checking_version="", checked_to=0, rule_set_version=checker.version)
            return False
        _regrade(dataset, checker, rows)
        mine.renew(dataset.pk, key, checked_to=rows[-1].position)
    dataset.checked_to = rows[-1].position
    return True


def _regrade(dataset: Dataset, checker: Checker, rows: Sequence[Sample]) -> None:
    pks = [row.pk for row in rows]
    revisions = {
        sample_id: (pk, payload)
        for sample_id, pk, payload in Revision.objects.current()
        .filter(sample__in=pks)
        .order_by()
        .values_list("sample_id", "pk", "payload")
    }
    current = FindingRow.objects.current().filter(sample__in=pks).order_by()
    changes: Counter[tuple[str, str]] = Counter()
    counting = current.filter(waived=False)
    changes.subtract(("rule", rule) for _, rule in counting.values_list("sample_id", "rule").distinct())
    current.delete()
    firsts = deduplicate.first_positions(dataset.pk, (row.fingerprint for row in rows))
    values: list[tuple[Any, ...]] = []
    passes = waived(pks)
    for row in rows:
        revision_id, payload = revisions[row.pk]
        sample = samples.from_json(payload)
        findings = checker.check(sample)[:MOST_FINDINGS]
        if (first := firsts[row.fingerprint]) != row.position:
            repeated = deduplicate.finding_of(first, checker)
            findings = (*findings, repeated) if repeated else findings
        passed = passes.get(row.pk, NONE)
        stands = standing(findings, passed)
        worst = worst_of(stands)
        label = checker.label(sample)[:60]
        if label != row.label:
            changes.update({("label", name): n for name, n in ((row.label, -1), (label, 1)) if name})
            row.label = label
        changes["worst", worst_key(row.worst)] -= 1
        changes["worst", worst_key(worst)] += 1
        changes.update(("rule", rule) for rule in {finding.rule for finding in stands})
        row.worst, row.findings_total, row.tokens = worst, len(stands), checker.tokens(sample)
        values += (
            finding_values(
                finding,
                dataset_id=dataset.pk,
                sample_id=row.pk,
                revision_id=revision_id,
                version=checker.version,
                waived=finding.rule in passed,
            )
            for finding in findings
        )
    bulk.insert(FindingRow, FINDING_COLUMNS, values)
    Sample.objects.bulk_update(rows, ["worst", "findings_total", "label", "tokens"], batch_size=200)
    DatasetCount.objects.add(dataset, changes)

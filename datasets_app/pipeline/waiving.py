"""Findings that a lead lets pass: which they are, and what of a sample is left standing without them.

One thing always holds: a current finding has `waived` set exactly when its sample has a `Waiver` for its rule. So
whoever writes findings asks `waived` first, in the transaction that writes them and with the samples locked.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Sequence
from typing import Any

from django.db.models import Count

from datasets_app.core.findings import RANK, Finding
from datasets_app.models import FindingRow, Sample, Waiver

from .grading import worst_key

AT_ONCE = 500
NONE: frozenset[str] = frozenset()


def waived(sample_ids: Iterable[int]) -> dict[int, set[str]]:
    """sample → the rules that a lead lets pass on it; samples without a waiver are left out."""
    found: dict[int, set[str]] = defaultdict(set)
    for block in _blocks(list(sample_ids)):
        for sample_id, rule in Waiver.objects.filter(sample__in=block).order_by().values_list("sample_id", "rule"):
            found[sample_id].add(rule)
    return dict(found)


def standing(findings: Sequence[Finding], passed: Collection[str]) -> Sequence[Finding]:
    """The findings that count: for `worst`, `findings_total`, the counters, accepting and exporting."""
    return [finding for finding in findings if finding.rule not in passed] if passed else findings


def mark(rule: str, sample_ids: Sequence[int], *, waived: bool, counted: Counter[tuple[str, str]]) -> None:
    """Bring the current findings of one rule, and what is counted of those samples, in line with their waivers.

    The waivers are written or deleted already, in the same transaction, and the samples are locked. What changes in
    the dataset's counters is added to `counted`.
    """
    for block in _blocks(sample_ids):
        rows = FindingRow.objects.current().filter(sample__in=block, rule=rule, waived=not waived).order_by()
        touched = list(rows.values_list("sample_id", flat=True).distinct())
        if touched:
            rows.update(waived=waived)
            counted["rule", rule] += -len(touched) if waived else len(touched)
            recount(touched, counted)


def recount(sample_ids: Sequence[int], counted: Counter[tuple[str, str]]) -> None:
    """Bring `worst` and `findings_total` of a few samples in line with the findings that stand."""
    stands: dict[int, dict[str, int]] = defaultdict(dict)
    rows = FindingRow.objects.current().filter(sample__in=sample_ids, waived=False).order_by()
    for sample_id, severity, n in rows.values_list("sample_id", "severity").annotate(n=Count("pk")):
        stands[sample_id][severity] = n
    changed: list[Any] = []
    for sample in Sample.objects.filter(pk__in=sample_ids).only("pk", "worst", "findings_total"):
        worst = max((RANK[severity] for severity in stands[sample.pk]), default=0)
        total = sum(stands[sample.pk].values())
        if (worst, total) == (sample.worst, sample.findings_total):
            continue
        counted["worst", worst_key(sample.worst)] -= 1
        counted["worst", worst_key(worst)] += 1
        sample.worst, sample.findings_total = worst, total
        changed.append(sample)
    Sample.objects.bulk_update(changed, ["worst", "findings_total"], batch_size=200)


def _blocks(items: Sequence[int]) -> Iterable[Sequence[int]]:
    return (items[at : at + AT_ONCE] for at in range(0, len(items), AT_ONCE))

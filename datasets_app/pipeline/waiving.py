"""Findings that a lead lets pass: which they are, and what of a sample is left standing without them.

One thing always holds: a current finding has `waived` set exactly when its sample has a `Waiver` for its rule. So
whoever writes findings asks `waived` first, in the transaction that writes them and with the samples locked.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Sequence
from typing import Any

from django.db.models import Count, Exists, OuterRef, QuerySet

from datasets_app.core.findings import RANK, Finding
from datasets_app.models import FindingRow, Sample, Waiver
from ftstudio.errors import InvalidInput, Text

from . import bulk
from .grading import worst_key

AT_ONCE = 500
LONGEST_REASON = 300
MOST_REASONS = 200  # that a snapshot lists
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
    changed = []
    for pk, *was in Sample.objects.filter(pk__in=sample_ids).order_by().values_list("pk", "worst", "findings_total"):
        worst, total = max((RANK[severity] for severity in stands[pk]), default=0), sum(stands[pk].values())
        if [worst, total] == was:
            continue
        counted["worst", worst_key(was[0])] -= 1
        counted["worst", worst_key(worst)] += 1
        changed.append((pk, worst, total))
    bulk.update(Sample, ("worst", "findings_total"), changed)


def reason_of(text: object) -> str:
    """The reason as it is kept. Raises InvalidInput for none or a long one."""
    reason = str(text or "").replace("\x00", "").strip()
    if not reason:
        raise InvalidInput(reason=Text("Say why it may pass; the reason is shown beside it and kept in exports."))
    if len(reason) > LONGEST_REASON:
        raise InvalidInput(reason=Text("At most {n} characters, please.", n=LONGEST_REASON))
    return reason


def let_pass(
    dataset_id: Any, rule: str, sample_ids: Collection[int], reason: str, by: Any, counted: Counter[tuple[str, str]]
) -> set[int]:
    """Waive the rule on those of the samples, locked by the caller, on which it is not waived yet; returns which."""
    had = set(Waiver.objects.filter(sample__in=sample_ids, rule=rule).values_list("sample_id", flat=True))
    new = [pk for pk in sample_ids if pk not in had]
    Waiver.objects.bulk_create(
        Waiver(dataset_id=dataset_id, sample_id=pk, rule=rule, reason=reason, by=by) for pk in new
    )
    mark(rule, new, waived=True, counted=counted)
    return set(new)


def take_back(waivers: QuerySet[Waiver], counted: Counter[tuple[str, str]]) -> None:
    """Delete waivers of samples that are locked by the caller; their findings stand again."""
    found: dict[str, list[int]] = defaultdict(list)
    rows = list(waivers.order_by().values_list("pk", "rule", "sample_id"))
    for _pk, rule, sample_id in rows:
        found[rule].append(sample_id)
    Waiver.objects.filter(pk__in=[pk for pk, _rule, _sample in rows]).delete()
    for rule in sorted(found):
        mark(rule, found[rule], waived=False, counted=counted)


def passing(dataset_id: Any, samples: QuerySet[Sample]) -> list[dict[str, Any]]:
    """What is let pass among the samples: {"rule", "reason", "samples"}, by rule, then the most samples first.

    A waiver whose rule says nothing any more is left out, and so are reasons beyond `MOST_REASONS`.
    """
    said = FindingRow.objects.current().filter(sample=OuterRef("sample"), rule=OuterRef("rule"), waived=True)
    rows = Waiver.objects.filter(Exists(samples.filter(pk=OuterRef("sample"))), Exists(said), dataset=dataset_id)
    counted = rows.order_by().values_list("rule", "reason").annotate(n=Count("pk")).order_by("rule", "-n", "reason")
    return [{"rule": rule, "reason": reason, "samples": n} for rule, reason, n in counted[:MOST_REASONS]]


def _blocks(items: Sequence[int]) -> Iterable[Sequence[int]]:
    return (items[at : at + AT_ONCE] for at in range(0, len(items), AT_ONCE))

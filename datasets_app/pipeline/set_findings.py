"""What a scan says of single samples, written to them: only what differs from what stands there already."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from datasets_app.core.findings import Finding
from datasets_app.core.sets import SCANNED
from datasets_app.models import Dataset, DatasetCount, FindingRow, Revision, Sample
from datasets_app.models.sample import Status
from ftstudio.web.texts import to_row

from . import bulk
from .deduplicate import Changes
from .grading import FINDING_COLUMNS, finding_values
from .waiving import NONE, recount, waived

Row = tuple[int, str, str, str, Any]  # pk, rule, severity, path, message


@dataclass(frozen=True, slots=True)
class Known:
    """What a scan knows of a sample: the revision it read, the position its cluster is named by (0: none), findings.

    A cluster of None stays as it is.
    """

    revision: int
    cluster: int | None
    findings: list[Finding]


def write(dataset: Dataset, block: Mapping[int, Known], version: str, rules: Collection[str] = SCANNED) -> None:
    """Bring these samples (pk → what is known by these rules) in line, in one transaction. Samples edited or trashed
    since are left alone."""
    current = Sample.objects.filter(pk__in=list(block)).exclude(status=Status.TRASHED).order_by()
    said = _said(list(block), rules)
    changed = [
        pk
        for pk, number, cluster in current.values_list("pk", "revision_number", "cluster")
        if number == block[pk].revision and (_moves(cluster, block[pk]) or _differs(said[pk], block[pk].findings))
    ]
    if not changed:
        return
    with transaction.atomic():
        locked = Sample.objects.select_for_update(no_key=True).filter(pk__in=changed).order_by("pk")
        rows = {
            pk: cluster
            for pk, number, status, cluster in locked.values_list("pk", "revision_number", "status", "cluster")
            if number == block[pk].revision and status != Status.TRASHED
        }
        moved = [(pk, block[pk].cluster) for pk, cluster in rows.items() if _moves(cluster, block[pk])]
        bulk.update(Sample, ("cluster",), moved)
        counted: Changes = Counter()
        _replace(dataset, {pk: block[pk].findings for pk in rows}, version, rules, counted)
        DatasetCount.objects.add(dataset, counted)


def _moves(cluster: int, known: Known) -> bool:
    return known.cluster is not None and known.cluster != cluster


def _said(pks: list[int], rules: Collection[str]) -> dict[int, list[Row]]:
    """The present findings by these rules, by sample."""
    found: dict[int, list[Row]] = defaultdict(list)
    rows = FindingRow.objects.current().filter(sample__in=pks, rule__in=rules).order_by("id")
    for sample_id, *row in rows.values_list("sample_id", "pk", "rule", "severity", "path", "message"):
        found[sample_id].append(tuple(row))  # type: ignore[arg-type]
    return found


def _key(finding: Finding) -> tuple[str, str, str, str]:
    return finding.rule, finding.severity, finding.path, str(to_row(finding.message))


def _differs(said: list[Row], wanted: list[Finding]) -> bool:
    if not said and not wanted:
        return False
    has = sorted((rule, severity, path, str(message)) for _, rule, severity, path, message in said)
    return has != sorted(map(_key, wanted))


def _replace(
    dataset: Dataset, wanted: Mapping[int, list[Finding]], version: str, rules: Collection[str], counted: Changes
) -> None:
    """Have the samples, which are locked, carry these findings by these rules and no others."""
    said = _said(list(wanted), rules)
    wrong = [pk for pk, findings in wanted.items() if _differs(said[pk], findings)]
    if not wrong:
        return
    passes = waived(wrong)
    FindingRow.objects.filter(pk__in=[row[0] for pk in wrong for row in said[pk]]).delete()
    revisions = Revision.objects.current().filter(sample__in=[pk for pk in wrong if wanted[pk]]).order_by()
    ids = dict(revisions.values_list("sample_id", "pk"))
    values = []
    for pk in wrong:
        passed = passes.get(pk, NONE)
        counted.subtract(("rule", rule) for rule in {row[1] for row in said[pk]} - set(passed))
        counted.update(("rule", rule) for rule in {finding.rule for finding in wanted[pk]} - set(passed))
        values += [
            finding_values(
                finding,
                dataset_id=dataset.pk,
                sample_id=pk,
                revision_id=ids[pk],
                version=version,
                waived=finding.rule in passed,
            )
            for finding in wanted[pk]
        ]
    bulk.insert(FindingRow, FINDING_COLUMNS, values)
    recount(wrong, counted)

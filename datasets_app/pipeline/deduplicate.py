"""Equal samples of one dataset: every later one carries a `duplicate` finding that names the first.

Equal means the same `core.duplicates.fingerprint`. The pipeline compares as it imports and re-checks; an edit
calls `refresh`, because it may end one pair and begin another.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from django.db import connection
from django.db.models import F, Min

from datasets_app.core.engine import Checker, severity_of
from datasets_app.core.findings import Finding
from datasets_app.models import FindingRow, Revision, Sample
from ftstudio.errors import Text

from . import bulk
from .grading import FINDING_COLUMNS, finding_values
from .waiving import recount, waived

Changes = Counter[tuple[str, str]]  # as DatasetCount.add takes them

RULE = "duplicate"
TITLE = Text("Same content twice")
_AT_ONCE = 500
# A sum, because for the bare column SQLite would walk the whole dataset by position in search of a rare fingerprint.
BY_POSITION = F("position") + 0
_LOOKED_AT = 200  # members of one group that an edit looks at; a re-check looks at all


def severity(checker: Checker) -> str:
    """How grave a repetition is under the checker's contract and profile; "off" where it is none of their business."""
    return severity_of(RULE, "warning", contract=checker.contract, profile=checker.profile)


def finding_of(first: int, checker: Checker) -> Finding | None:
    """What is said of a later sample; None when the contract or profile has switched the rule off."""
    level = severity_of(RULE, "warning", contract=checker.contract, profile=checker.profile)
    if level == "off":
        return None
    return Finding(RULE, level, Text("The same content as sample {first}: keep one of them.", first=f"{first:04d}"))


def first_positions(dataset_id: Any, fingerprints: Iterable[str]) -> dict[str, int]:
    """The position of the first sample with each fingerprint, for those that the dataset holds."""
    found: dict[str, int] = {}
    wanted = sorted(set(fingerprints))
    for block in _blocks(wanted):
        rows = Sample.objects.filter(dataset_id=dataset_id, fingerprint__in=block).order_by()
        found.update(rows.values_list("fingerprint").annotate(Min("position")))
    return found


def locked(sample: Sample, fingerprint: str) -> Sample:
    """The sample's row as it is now, locked together with those that an edit to `fingerprint` may touch.

    All in one order: of two people who edit a pair of equal samples, one waits and neither is thrown out. Where the
    database has no row locks, the transaction itself holds everything already.
    """
    if not connection.features.has_select_for_update:
        return Sample.objects.get(pk=sample.pk)
    group = Sample.objects.filter(dataset_id=sample.dataset_id, fingerprint__in={sample.fingerprint, fingerprint})
    pks = {sample.pk, *group.order_by(BY_POSITION).values_list("pk", flat=True)[:_LOOKED_AT]}
    rows = Sample.objects.select_for_update(no_key=True).filter(pk__in=pks).order_by("pk")
    return next(row for row in rows if row.pk == sample.pk)


def refresh(
    dataset_id: Any, fingerprints: Iterable[str], checker: Checker, counted: Changes, *, fresh: int | None = None
) -> None:
    """Make the findings of the samples with these fingerprints true again, inside the caller's transaction.

    What changes in the dataset's counters is added to `counted`. `fresh` is a sample that is known to have no
    duplicate finding just now: alone in its group it needs no look.
    """
    group = Sample.objects.filter(dataset_id=dataset_id, fingerprint__in=set(fingerprints))
    if fresh is not None and not group.exclude(pk=fresh).exists():
        return
    for fingerprint in sorted(set(fingerprints)):
        members = list(
            Sample.objects.filter(dataset_id=dataset_id, fingerprint=fingerprint)
            .order_by(BY_POSITION)
            .values_list("pk", "position", "revision_number")[:_LOOKED_AT]
        )
        if not members or [pk for pk, _, _ in members] == [fresh]:
            continue
        rows = FindingRow.objects.current().filter(rule=RULE, sample__in=[pk for pk, _, _ in members])
        said = dict(rows.values_list("sample_id", "message"))
        passed = {pk for pk, rules in waived(pk for pk, _, _ in members).items() if RULE in rules}
        first = members[0][1]
        finding = finding_of(first, checker)
        for pk, position, revision_number in members:
            wanted = finding if position != first else None
            has = said.get(pk)
            if wanted is None and has is not None:
                _take_back(pk, counted, passes=pk in passed)
            elif wanted is not None and (has is None or has["params"] != dict(wanted.message.params)):
                if has is not None:
                    _take_back(pk, counted, passes=pk in passed)
                _say(dataset_id, pk, revision_number, wanted, checker.version, counted, passes=pk in passed)


def _say(
    dataset_id: Any, sample_id: int, number: int, finding: Finding, version: str, counted: Changes, *, passes: bool
) -> None:
    revision_id = Revision.objects.values_list("pk", flat=True).get(sample_id=sample_id, number=number)
    row = finding_values(
        finding, dataset_id=dataset_id, sample_id=sample_id, revision_id=revision_id, version=version, waived=passes
    )
    bulk.insert(FindingRow, FINDING_COLUMNS, [row])
    _recount(sample_id, 0 if passes else +1, counted)


def _take_back(sample_id: int, counted: Changes, *, passes: bool) -> None:
    FindingRow.objects.current().filter(rule=RULE, sample_id=sample_id).delete()
    _recount(sample_id, 0 if passes else -1, counted)


def _recount(sample_id: int, difference: int, counted: Changes) -> None:
    """Bring one sample in line with its findings, and note what that means for the counters."""
    counted["rule", RULE] += difference
    recount([sample_id], counted)


def _blocks(items: Sequence[str]) -> Iterator[Sequence[str]]:
    for at in range(0, len(items), _AT_ONCE):
        yield items[at : at + _AT_ONCE]

"""The `duplicate` findings of an upload that several workers wrote side by side: found once, when all of it is in.

Whichever chunk was written first, the sample with the lowest position is the original and every later one names it.
Two uploads into one dataset may overlap in time: whoever ends last sees both, so the look begins at the upload's first
position and goes on to the end of the dataset.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Count, F, Max

from datasets_app.core.engine import Checker
from datasets_app.core.findings import RANK
from datasets_app.models import Dataset, DatasetCount, FindingRow, Revision, Sample
from ftstudio.web.texts import to_row

from . import bulk, deduplicate
from .attempts import past_deadlocks
from .grading import FINDING_COLUMNS, checker_of, finding_values, worst_key
from .waiving import waived

AT_ONCE = 2000  # samples whose findings are written in one transaction
Members = list[tuple[int, int, str, Any]]  # pk, position, fingerprint, upload


def find(dataset_id: UUID, first: int, upload_id: UUID, hold: Callable[[], None]) -> int:
    """Have every repetition from position `first` on say so, and return how many samples of the upload are one.

    Safe to repeat. `hold` is called before each transaction and may raise to stop.
    """
    found = 0
    for members in _repeated(dataset_id, first):
        hold()
        found += past_deadlocks(partial(_say, dataset_id, upload_id, members))
    return found


def _repeated(dataset_id: UUID, first: int) -> Iterator[Members]:
    """The samples of groups that have several members and one at or behind `first`, in blocks."""
    rows = Sample.objects.filter(dataset=dataset_id).order_by()
    last, more = "", True
    while more:
        groups = list(
            rows.filter(fingerprint__gt=last)
            .values("fingerprint")
            .annotate(n=Count("pk"), newest=Max("position"))
            .filter(n__gt=1, newest__gte=first)
            .order_by("fingerprint")
            .values_list("fingerprint", "n")[:AT_ONCE]
        )
        more = len(groups) == AT_ONCE
        last = groups[-1][0] if groups else ""
        for block in _blocks(groups):
            yield from _members(rows.filter(fingerprint__in=block))


def _blocks(groups: Sequence[tuple[str, int]]) -> Iterator[list[str]]:
    """Groups that together have about `AT_ONCE` members; a larger one alone."""
    block: list[str] = []
    size = 0
    for fingerprint, n in groups:
        if block and (size + n > AT_ONCE or len(block) >= 500):
            yield block
            block, size = [], 0
        block.append(fingerprint)
        size += n
    if block:
        yield block


def _members(rows: Any) -> Iterator[Members]:
    behind = 0
    while True:
        page = list(
            rows.filter(position__gt=behind)
            .order_by(deduplicate.BY_POSITION)
            .values_list("pk", "position", "fingerprint", "upload")[:AT_ONCE]
        )
        if page:
            yield page
        if len(page) < AT_ONCE:
            return
        behind = page[-1][1]


def _say(dataset_id: UUID, upload_id: UUID, members: Members) -> int:
    """Write what is missing of these samples' `duplicate` findings. Returns how many of the upload repeat another."""
    with transaction.atomic():
        locked = Sample.objects.select_for_update(no_key=True).filter(pk__in=[pk for pk, *_ in members]).order_by("pk")
        now = dict(locked.values_list("pk", "fingerprint"))
        dataset = Dataset.objects.select_for_update(no_key=True).get(pk=dataset_id)  # the rules stay as they are
        checker = checker_of(dataset)
        firsts = deduplicate.first_positions(dataset_id, now.values())
        later = [
            (pk, firsts[fingerprint], owner)
            for pk, position, fingerprint, owner in members
            if now.get(pk) == fingerprint and firsts[fingerprint] != position
        ]
        if deduplicate.severity(checker) != "off":
            _write(dataset, checker, {pk: first for pk, first, _ in later})
    return sum(owner == upload_id for *_, owner in later)


def _write(dataset: Dataset, checker: Checker, firsts: dict[int, int]) -> None:
    said = FindingRow.objects.current().filter(rule=deduplicate.RULE, sample__in=list(firsts)).order_by()
    has = {sample_id: (pk, message) for sample_id, pk, message in said.values_list("sample_id", "pk", "message")}
    fresh = []
    for sample_id, first in firsts.items():
        finding = deduplicate.finding_of(first, checker)
        if finding is None:
            continue
        if sample_id not in has:
            fresh.append((sample_id, finding))
        elif has[sample_id][1] != (message := to_row(finding.message)):
            FindingRow.objects.filter(pk=has[sample_id][0]).update(message=message)
    if not fresh:
        return
    ids = [sample_id for sample_id, _ in fresh]
    revisions = dict(Revision.objects.current().filter(sample__in=ids).order_by().values_list("sample_id", "pk"))
    passed = {pk for pk, rules in waived(ids).items() if deduplicate.RULE in rules}
    bulk.insert(
        FindingRow,
        FINDING_COLUMNS,
        (
            finding_values(finding, dataset_id=dataset.pk, sample_id=pk, revision_id=revisions[pk],
                           version=checker.version, waived=pk in passed)
            for pk, finding in fresh
        ),
    )  # fmt: skip
    _count(dataset, RANK[fresh[0][1].severity], [pk for pk in ids if pk not in passed])


def _count(dataset: Dataset, rank: int, ids: list[int]) -> None:
    """One more finding of this rank stands on each of these samples."""
    rows = Sample.objects.filter(pk__in=ids).order_by()
    milder = rows.filter(worst__lt=rank)
    changes: Counter[tuple[str, str]] = Counter({("rule", deduplicate.RULE): len(ids)})
    for worst, n in milder.values_list("worst").annotate(n=Count("pk")):
        changes["worst", worst_key(worst)] -= n
        changes["worst", worst_key(rank)] += n
    rows.update(findings_total=F("findings_total") + 1)
    milder.update(worst=rank)
    DatasetCount.objects.add(dataset, changes)

"""Equal samples of one dataset: every later one carries a `duplicate` finding that names the first.

Equal means the same `core.duplicates.fingerprint`. The pipeline compares as it imports and re-checks; an edit
calls `refresh`, because it may end one pair and begin another.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Any, TypeVar

from django.db import connection
from django.db.models import F, Min

from datasets_app.core.contracts.model import Level
from datasets_app.core.engine import Checker, severity_of
from datasets_app.core.findings import Finding
from datasets_app.core.sets.rules import duplicate
from datasets_app.models import FindingRow, Revision, Sample
from ftstudio.errors import Text
from ftstudio.web.texts import to_row

from . import bulk
from .grading import FINDING_COLUMNS, finding_values
from .waiving import recount, waived

T = TypeVar("T")

Changes = Counter[tuple[str, str]]  # as DatasetCount.add takes them

RULE = duplicate.RULE.name
_AT_ONCE = 500
# A sum, because for the bare column SQLite would walk the whole dataset by position in search of a rare fingerprint.
BY_POSITION = F("position") + 0
LOOKED_AT = 200  # members of one group that an edit looks at; a re-check looks at all


def severity(checker: Checker) -> Level:
    """How grave a repetition is under the checker's contract and profile; "off" where it is none of their business."""
    return severity_of(RULE, duplicate.RULE.severity, contract=checker.contract, profile=checker.profile)


def place(position: int) -> Text:
    """How a sentence names another sample of the dataset."""
    return Text("sample {position}", position=f"{position:04d}")


def finding_of(first: int, checker: Checker) -> Finding | None:
    """What is said of a later sample; None when the contract or profile has switched the rule off."""
    level = severity(checker)
    return None if level == "off" else Finding(RULE, level, duplicate.message(place(first)))


def first_positions(dataset_id: Any, fingerprints: Iterable[str]) -> dict[str, int]:
    """The position of the first sample with each fingerprint, for those that the dataset holds."""
    found: dict[str, int] = {}
    wanted = sorted(set(fingerprints))
    for block in _blocks(wanted):
        rows = Sample.objects.filter(dataset_id=dataset_id, fingerprint__in=block).order_by()
        found.update(rows.values_list("fingerprint").annotate(Min("position")))
    return found


def locked(
    dataset_id: Any, pks: Collection[int], fingerprints: Collection[str] = (), questions: Collection[str] = ()
) -> dict[int, Sample]:
    """These samples' rows as they are now, by key, locked together with those that edits may touch.

    Those are the samples that say, or are asked, the same as one of these does now or will then (`fingerprints`,
    `questions`; with neither, nothing of the kind changes). All in one order: of two people who edit a pair of equal
    samples, one waits and neither is thrown out. Where the database has no row locks, the transaction itself holds
    everything already.
    """
    if not connection.features.has_select_for_update:
        return Sample.objects.in_bulk(pks)
    touched = set(pks)
    if fingerprints or questions:
        now = list(Sample.objects.filter(pk__in=pks).order_by().values_list("fingerprint", "question"))
        same = groups(dataset_id, "fingerprint", {*fingerprints, *(one for one, _ in now)})
        asked = groups(dataset_id, "question", {*questions, *(one for _, one in now)} - {""})
        touched.update(pk for members in (*same, *asked) for pk, _ in members)
    rows = Sample.objects.select_for_update(no_key=True).filter(pk__in=touched).order_by("pk")
    return {row.pk: row for row in rows if row.pk in pks}


def refresh(
    dataset_id: Any, fingerprints: Iterable[str], checker: Checker, counted: Changes, *, fresh: Mapping[int, str]
) -> None:
    """Make the findings of the samples with these fingerprints true again, inside the caller's transaction.

    What changes in the dataset's counters is added to `counted`. `fresh` are samples, with their fingerprints, that
    are known to have no duplicate finding just now: alone in its group, one of them needs no look.
    """
    wanted: dict[int, Finding | None] = {}
    for (first, position), *others in groups(dataset_id, "fingerprint", fingerprints, fresh=fresh):
        wanted[first] = None
        if others:
            wanted.update(dict.fromkeys((pk for pk, _ in others), finding_of(position, checker)))
    settle(RULE, dataset_id, wanted, checker, counted)


def groups(
    dataset_id: Any, column: str, values: Iterable[str], *, fresh: Mapping[int, str] | None = None
) -> Iterator[list[tuple[int, int]]]:
    """The samples that share one of these values of the column, as (key, position), by position; at most `LOOKED_AT`.

    A group that is only one sample, and that one among the `fresh`, is left out.
    """
    alone = set((fresh or {}).values())
    for block in _blocks(sorted(set(values))):
        for value, members in _grouped(dataset_id, column, block):
            if len(members) > 1 or value not in alone:
                yield members


def _grouped(dataset_id: Any, column: str, values: Sequence[str]) -> Iterator[tuple[str, list[tuple[int, int]]]]:
    rows = Sample.objects.filter(**{"dataset_id": dataset_id, f"{column}__in": values})
    most = LOOKED_AT + 10 * len(values)
    found = list(rows.order_by(column, BY_POSITION).values_list(column, "pk", "position")[:most])
    if len(found) < most:
        for value, group in groupby(found, key=itemgetter(0)):
            yield value, [(pk, position) for _, pk, position in group][:LOOKED_AT]
        return
    for value in values:  # so many say the same that each group is asked for by itself
        members = Sample.objects.filter(**{"dataset_id": dataset_id, column: value}).order_by(BY_POSITION)
        if first := list(members.values_list("pk", "position")[:LOOKED_AT]):
            yield value, first


def settle(
    rule: str,
    dataset_id: Any,
    wanted: Mapping[int, Finding | None],
    checker: Checker,
    counted: Changes,
) -> None:
    """Have each of these samples, which are locked, carry that finding of the rule alone, or none."""
    for block in _blocks(list(wanted)):
        _settle(rule, dataset_id, {pk: wanted[pk] for pk in block}, checker, counted)


def _settle(
    rule: str, dataset_id: Any, wanted: Mapping[int, Finding | None], checker: Checker, counted: Changes
) -> None:
    rows = FindingRow.objects.current().filter(rule=rule, sample__in=list(wanted)).order_by()
    said = dict(rows.values_list("sample_id", "message"))
    passed = {pk for pk, rules in waived(wanted).items() if rule in rules}
    wrong = [
        pk for pk, finding in wanted.items()
        if (pk in said if finding is None else said.get(pk) != to_row(finding.message))
    ]  # fmt: skip
    if not wrong:
        return
    rows.filter(sample__in=wrong).delete()
    new = [(pk, finding) for pk in wrong if (finding := wanted[pk]) is not None]
    revisions = Revision.objects.current().filter(sample__in=[pk for pk, _ in new]).order_by()
    ids = dict(revisions.values_list("sample_id", "pk"))
    bulk.insert(
        FindingRow,
        FINDING_COLUMNS,
        (
            finding_values(finding, dataset_id=dataset_id, sample_id=pk, revision_id=ids[pk], version=checker.version,
                           waived=pk in passed)
            for pk, finding in new
        ),
    )  # fmt: skip
    counted["rule", rule] += sum(pk not in passed for pk, _ in new)
    counted["rule", rule] -= sum(pk in said and pk not in passed for pk in wrong)
    recount(wrong, counted)


def _blocks(items: Sequence[T]) -> Iterator[Sequence[T]]:
    for at in range(0, len(items), _AT_ONCE):
        yield items[at : at + _AT_ONCE]

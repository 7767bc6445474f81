"""The trash: samples are taken out of everything that is kept about a dataset, and put back as they were.

Nothing is deleted. A sample in the trash keeps its content, its past and what people said about it, and gives up what
makes it one of many: its fingerprint and question (so no import, edit or scan takes it for a repetition or a
contradiction), its label, cluster and side, its findings (they become history) and its place in every kept counter but
that of the status. So nobody else has to know of the trash. Taken out, it is graded by the rules of that moment.

The samples are locked by the caller, together with those that say or ask the same: `deduplicate.locked`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import F
from django.utils import timezone

from datasets_app.core import samples
from datasets_app.core.engine import Checker
from datasets_app.core.findings import RANK
from datasets_app.models import Dataset, FindingRow, Revision, Sample, SampleTag, Snapshot, SnapshotEntry
from datasets_app.models.sample import Status
from datasets_app.models.snapshot import SnapshotState

from . import bulk, contradictions, deduplicate
from .grading import FINDING_COLUMNS, Graded, checker_of, finding_values, grade, worst_key, worst_of
from .waiving import NONE, standing, waived

Changes = Counter[tuple[str, str]]  # as DatasetCount.add takes them

COLUMNS = (
    "status", "trashed_from", "fingerprint", "question", "label", "cluster", "split", "tokens", "worst",
    "findings_total", "leased_by_id", "leased_until", "shown_at", "changed_at", "changed_by_id",
)  # fmt: skip
_RULES = ("contract", "profile", "base_model")


@dataclass(frozen=True, slots=True)
class Shown:
    """What a sample shows now: the revision and its content, graded by the rules of `version`."""

    revision_id: int
    graded: Graded
    version: str


def fingerprint_of(pk: int) -> str:
    """What a sample in the trash says instead of its content's fingerprint: like nothing else does."""
    return f"trash:{pk}"


def look(pks: Iterable[int], checker: Checker) -> dict[int, Shown]:
    """Grade what these samples show, before they are locked: in the trash nobody changes them."""
    rows = Revision.objects.current().filter(sample__in=list(pks)).order_by()
    return {
        sample_id: Shown(pk, grade(samples.from_json(payload), checker), checker.version)
        for sample_id, pk, payload in rows.values_list("sample_id", "pk", "payload")
    }


def put_away(dataset_id: Any, rows: Sequence[Sample], *, by: Any, counted: Changes) -> None:
    """Put these samples of the dataset, none of which is there yet, into the trash; `by` is a person's id.

    The rows are brought up to date. What changes in the dataset's counters is added to `counted`.
    """
    if not rows:
        return
    checker = _count(dataset_id, -len(rows))
    pks, now = [row.pk for row in rows], timezone.now()
    left = [(row.fingerprint, row.question) for row in rows]
    _add(rows, -1, counted)
    _silence(pks, counted)
    _write((row, _away(row, by, now)) for row in rows)
    counted[("revised", "")] += len(rows)
    counted["status", Status.TRASHED.value] += len(rows)
    _refresh(dataset_id, left, checker, counted, fresh={})


def bring_back(
    dataset_id: Any, rows: Sequence[Sample], seen: Mapping[int, Shown], *, by: Any, counted: Changes
) -> None:
    """Put these samples back, all of which are in the trash, with the status that they had.

    What was accepted and has an error under the present rules is pending. `seen` is what `look` said of them; where
    the rules have changed since, they are looked at again.
    """
    if not rows:
        return
    checker = _count(dataset_id, len(rows))
    if any(seen[row.pk].version != checker.version for row in rows):
        seen = look([row.pk for row in rows], checker)
    pks, now = [row.pk for row in rows], timezone.now()
    passes, sides = waived(pks), _sides(dataset_id, rows)
    counted["status", Status.TRASHED.value] -= len(rows)
    counted[("revised", "")] += len(rows)
    _write(
        (row, _back(row, seen[row.pk].graded, passes.get(row.pk, NONE), sides.get(row.pk, ""), by, now)) for row in rows
    )
    _say(dataset_id, rows, seen, passes, counted)
    _add(rows, 1, counted)
    fresh = {row.pk: (row.fingerprint, row.question) for row in rows}
    _refresh(dataset_id, fresh.values(), checker, counted, fresh=fresh)


def _count(dataset_id: Any, more: int) -> Checker:
    """Count samples in or out; returns the rules as they are, which stay so until the transaction ends."""
    Dataset.objects.filter(pk=dataset_id).update(samples_total=F("samples_total") + more)
    return checker_of(Dataset.objects.only(*_RULES).get(pk=dataset_id))


def _add(rows: Sequence[Sample], sign: int, counted: Changes) -> None:
    """What the samples, as their rows stand outside the trash, add to the counters of everything but rules."""
    for row in rows:
        counted["worst", worst_key(row.worst)] += sign
        for kind, key in (("status", row.status), ("label", row.label), ("split", row.split)):
            counted[kind, key] += sign if key else 0
    tags = SampleTag.objects.filter(sample__in=[row.pk for row in rows]).order_by()
    for name in tags.values_list("name", flat=True):
        counted["tag", name] += sign


def _silence(pks: Sequence[int], counted: Changes) -> None:
    """Make history of the samples' findings."""
    current = FindingRow.objects.current().filter(sample__in=pks).order_by()
    for _sample, rule in current.filter(waived=False).values_list("sample", "rule").distinct():
        counted["rule", rule] -= 1
    current.update(current=False)


def _away(row: Sample, by: Any, now: datetime) -> tuple[Any, ...]:
    return (
        Status.TRASHED.value, row.status, fingerprint_of(row.pk), "", "", 0, "", row.tokens, 0, 0, None, None, None,
        now, by,
    )  # fmt: skip


def _back(row: Sample, graded: Graded, passed: Any, side: str, by: Any, now: datetime) -> tuple[Any, ...]:
    stands = standing(graded.findings, passed)
    worst = worst_of(stands)
    status = row.trashed_from or Status.PENDING.value
    if status == Status.ACCEPTED and worst == RANK["error"]:
        status = Status.PENDING.value
    return (
        status, "", graded.fingerprint, graded.question, graded.label, 0, side, graded.tokens, worst, len(stands), None,
        None, None, now, by,
    )  # fmt: skip


def _write(changes: Iterable[tuple[Sample, tuple[Any, ...]]]) -> None:
    changed = list(changes)
    bulk.update(Sample, COLUMNS, ((row.pk, *values) for row, values in changed))
    for row, values in changed:
        for name, value in zip(COLUMNS, values, strict=True):
            setattr(row, name, value)


def _say(
    dataset_id: Any, rows: Sequence[Sample], seen: Mapping[int, Shown], passes: Mapping[int, set[str]], counted: Changes
) -> None:
    """The findings of what they show; what was said of the same revisions before they went is said anew."""
    shown = [seen[row.pk].revision_id for row in rows]
    FindingRow.objects.filter(sample__in=[row.pk for row in rows], revision__in=shown, current=False).delete()
    values = []
    for row in rows:
        one, passed = seen[row.pk], passes.get(row.pk, NONE)
        counted.update(("rule", rule) for rule in {finding.rule for finding in one.graded.findings} - set(passed))
        values += [
            finding_values(finding, dataset_id=dataset_id, sample_id=row.pk, revision_id=one.revision_id,
                           version=one.version, waived=finding.rule in passed)
            for finding in one.graded.findings
        ]  # fmt: skip
    bulk.insert(FindingRow, FINDING_COLUMNS, values)


def _refresh(
    dataset_id: Any,
    groups: Iterable[tuple[str, str]],
    checker: Checker,
    counted: Changes,
    *,
    fresh: Mapping[int, tuple[str, str]],
) -> None:
    """Make true again what is said of the samples that say, or are asked, the same as those that left or came."""
    touched = list(groups)
    said, asked = {fingerprint for fingerprint, _ in touched}, {question for _, question in touched}
    alone = {pk: fingerprint for pk, (fingerprint, _) in fresh.items()}
    deduplicate.refresh(dataset_id, said, checker, counted, fresh=alone)
    unasked = {pk: question for pk, (_, question) in fresh.items()}
    contradictions.refresh(dataset_id, asked, checker, counted, fresh=unasked)


def _sides(dataset_id: Any, rows: Sequence[Sample]) -> dict[int, str]:
    """The samples' sides in the newest snapshot, as `placing` puts them."""
    snapshots = Snapshot.objects.filter(dataset=dataset_id).exclude(content_hash="").exclude(state=SnapshotState.FAILED)
    newest = snapshots.order_by("-number").values_list("pk", flat=True).first()
    places = [row.position for row in rows]  # an entry has its sample's, and is found by it
    entries = SnapshotEntry.objects.filter(snapshot=newest, mixed=False, position__in=places).order_by()
    return dict(entries.values_list("sample_id", "split")) if newest else {}

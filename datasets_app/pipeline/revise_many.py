"""The next revisions of many samples, with everything that hangs on them: a constant number of statements.

`revise` is this for one sample, so what a person saves and what a bulk change makes cannot come to differ.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils import timezone

from datasets_app.core.engine import Checker
from datasets_app.core.findings import RANK
from datasets_app.models import FindingRow, Revision, Sample, SampleText
from datasets_app.models.sample import Status

from . import bulk, contradictions, deduplicate, keys
from .append import REVISION_COLUMNS
from .grading import FINDING_COLUMNS, Graded, finding_values, worst_key, worst_of
from .waiving import NONE, standing, waived

Changes = Counter[tuple[str, str]]  # as DatasetCount.add takes them

SAMPLE_COLUMNS = (
    "revision_number", "status", "tokens", "worst", "findings_total", "has_rejected", "fingerprint", "question",
    "label", "title", "snippet", "changed_at", "changed_by_id",
)  # fmt: skip


class NotHeld(RuntimeError):
    """A row was changed under a transaction that believed it had locked it: nothing may be committed."""


@dataclass(frozen=True, slots=True)
class Next:
    """What a sample is to say next. `sample` is its row as read, and locked, inside this transaction.

    `style` says how the content's line was written, where it is one that was imported.
    """

    sample: Sample
    graded: Graded
    style: str = ""


@dataclass(frozen=True, slots=True)
class Reason:
    """How revisions come to be: one `Revision` row's columns of these names.

    With `keep_status` every status stays: the caller has made sure that no error is new. Without it an accepted
    sample that gets an error finding is pending again.
    """

    author_id: Any
    origin: str
    guideline_version: int
    reason: str = ""
    client_id: str | None = None
    keep_status: bool = False


def revise_many(dataset_id: Any, following: Sequence[Next], why: Reason, *, checker: Checker, counted: Changes) -> None:
    """Write a revision after the one that each of these samples of the dataset shows, in the caller's transaction.

    What changes in the dataset's counters is added to `counted`, for the caller to write last and in one go:
    counters are rows that everybody waits for, and taking them twice could lock two people into each other.

    The samples' rows are brought up to date. Findings that a lead lets pass do not count. Raises NotHeld if a row
    does not show any more what it did when it was read: then it was not locked (`deduplicate.locked`).
    """
    if not following:
        return
    left = [(one.sample.fingerprint, one.sample.question) for one in following]
    passes = waived(one.sample.pk for one in following)
    now = timezone.now()
    changes = {one.sample.pk: _columns(one, why, passes.get(one.sample.pk, NONE), now) for one in following}
    _update(following, changes)
    revision_ids = dict(zip(changes, keys.take(Revision, len(following)), strict=True))
    bulk.insert(
        Revision,
        (*REVISION_COLUMNS, "client_id"),
        (
            (revision_ids[one.sample.pk], one.sample.pk, changes[one.sample.pk]["revision_number"], one.graded.payload,
             one.graded.content_hash, why.origin, why.reason, why.author_id, now, why.guideline_version,
             checker.version, one.style, why.client_id)
            for one in following
        ),
    )  # fmt: skip
    _replace_findings(dataset_id, following, revision_ids, passes, checker, counted)
    _update_texts(following)
    for one in following:
        _count(one.sample, changes[one.sample.pk], counted)
        for name, value in changes[one.sample.pk].items():
            setattr(one.sample, name, value)
    fingerprints = {one.sample.pk: one.graded.fingerprint for one in following}
    questions = {one.sample.pk: one.graded.question for one in following}
    touched = {*fingerprints.values(), *(fingerprint for fingerprint, _ in left)}
    asked = {*questions.values(), *(question for _, question in left)}
    deduplicate.refresh(dataset_id, touched, checker, counted, fresh=fingerprints)
    contradictions.refresh(dataset_id, asked, checker, counted, fresh=questions)


def _columns(one: Next, why: Reason, passed: Collection[str], now: datetime) -> dict[str, Any]:
    """The sample's new `SAMPLE_COLUMNS`."""
    sample, graded = one.sample, one.graded
    stands = standing(graded.findings, passed)
    worst = worst_of(stands)
    status = sample.status
    if not why.keep_status and status == Status.ACCEPTED and worst == RANK["error"]:
        status = Status.PENDING.value
    values = (
        sample.revision_number + 1, status, graded.tokens, worst, len(stands), bool(graded.sample.rejected),
        graded.fingerprint, graded.question, graded.label, graded.title, graded.snippet, now, why.author_id,
    )  # fmt: skip
    return dict(zip(SAMPLE_COLUMNS, values, strict=True))


def _update(following: Sequence[Next], changes: Mapping[int, Mapping[str, Any]]) -> None:
    rows = ((one.sample.pk, *changes[one.sample.pk].values(), one.sample.revision_number) for one in following)
    if bulk.update(Sample, SAMPLE_COLUMNS, rows, when=("revision_number",)) != len(following):
        raise NotHeld


def _count(sample: Sample, changes: Mapping[str, Any], counted: Changes) -> None:
    counted.subtract([("status", sample.status), ("worst", worst_key(sample.worst))])
    counted.update([("status", changes["status"]), ("worst", worst_key(changes["worst"]))])
    if sample.label != changes["label"]:
        counted.update({("label", name): n for name, n in ((sample.label, -1), (changes["label"], 1)) if name})
    counted["revised", ""] += 1


def _replace_findings(
    dataset_id: Any,
    following: Sequence[Next],
    revision_ids: Mapping[int, int],
    passes: Mapping[int, Collection[str]],
    checker: Checker,
    counted: Changes,
) -> None:
    current = FindingRow.objects.current().filter(sample__in=list(revision_ids)).order_by()
    said: dict[int, set[str]] = defaultdict(set)
    for pk, rule in current.values_list("sample_id", "rule"):
        said[pk].add(rule)
    if said:
        current.update(current=False)
    rows = []
    for one in following:
        pk, findings = one.sample.pk, one.graded.findings
        passed = passes.get(pk, NONE)
        before, after = said[pk] - set(passed), {finding.rule for finding in findings} - set(passed)
        counted.update(("rule", rule) for rule in after - before)
        counted.subtract(("rule", rule) for rule in before - after)
        rows += [
            finding_values(finding, dataset_id=dataset_id, sample_id=pk, revision_id=revision_ids[pk],
                           version=checker.version, waived=finding.rule in passed)
            for finding in findings
        ]  # fmt: skip
    if rows:
        bulk.insert(FindingRow, FINDING_COLUMNS, rows)


def _update_texts(following: Sequence[Next]) -> None:
    """Bring what text search reads up to date; what is the same is not written, for its index is dear."""
    pks = [one.sample.pk for one in following]
    was = dict(SampleText.objects.filter(pk__in=pks).order_by().values_list("pk", "text"))
    texts = [(one.sample.pk, one.graded.search) for one in following if was.get(one.sample.pk) != one.graded.search]
    bulk.update(SampleText, ("text",), texts, triggers=True)

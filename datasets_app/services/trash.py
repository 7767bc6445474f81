"""The trash of a dataset: one sample put into it, or taken out. Many at once: bulk kinds `trash` and `restore`."""

from __future__ import annotations

from collections import Counter

from django.db import transaction

from datasets_app.core import workflow
from datasets_app.models import DatasetCount, Sample
from datasets_app.pipeline import deduplicate, trashing
from datasets_app.pipeline.attempts import past_deadlocks
from datasets_app.pipeline.grading import checker_of
from ftstudio.accounts.models import AuditEntry, User
from ftstudio.accounts.policy import require

Counted = Counter[tuple[str, str]]


def trash(*, actor: User, sample: Sample) -> Sample:
    """Put the sample into the trash: outside lists, counters, scans and snapshots until it is restored.

    Its content, history, comments and decisions stay. Said twice, it is done once.
    """
    require(actor, sample.dataset.project_id, workflow.TRASH.action)

    def write() -> Sample:
        counted: Counted = Counter()
        with transaction.atomic():
            now = _locked(sample, {trashing.fingerprint_of(sample.pk)}, set())
            if now.status != workflow.TRASHED:
                before = now.status
                trashing.put_away(sample.dataset_id, [now], by=actor.pk, counted=counted)
                _record(actor, "trash", now, counted, status=before)
        return now

    return past_deadlocks(write)


def restore(*, actor: User, sample: Sample) -> Sample:
    """Take the sample out of the trash, graded by the present rules, with the status that it had.

    It is pending if it was accepted and has an error by now. Said twice, it is done once.
    """
    require(actor, sample.dataset.project_id, workflow.RESTORE.action)
    seen = trashing.look([sample.pk], checker_of(sample.dataset))
    graded = seen[sample.pk].graded

    def write() -> Sample:
        counted: Counted = Counter()
        with transaction.atomic():
            now = _locked(sample, {graded.fingerprint}, {graded.question})
            if now.status == workflow.TRASHED:
                trashing.bring_back(sample.dataset_id, [now], seen, by=actor.pk, counted=counted)
                _record(actor, "restore", now, counted, status=now.status)
        return now

    return past_deadlocks(write)


def _locked(sample: Sample, fingerprints: set[str], questions: set[str]) -> Sample:
    now = deduplicate.locked(sample.dataset_id, {sample.pk}, fingerprints, questions)[sample.pk]
    now.dataset = sample.dataset
    return now


def _record(actor: User, verb: str, now: Sample, counted: Counted, *, status: str) -> None:
    DatasetCount.objects.add(now.dataset_id, counted)
    project = now.dataset.project
    AuditEntry.objects.record(actor=actor, verb=f"samples.{verb}", target=now, project=project, status=status)

"""Grading all samples of a dataset again after its contract, profile or base model changed, by all workers there are.

`Dataset.checking_version` says which rules are being applied. The dataset is cut into ranges of positions; what is
found in one, the counters and its `done` are committed together. A change of the rules meanwhile makes the chunks of
the old ones worthless and begins again. Samples that come in meanwhile are graded by the new rules already: whoever
writes samples looks at the rules under the lock that a change of them takes.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import F

from datasets_app.models import CheckChunk, Dataset
from datasets_app.models.dataset import DatasetQuerySet
from ftstudio.errors import Text

from . import regrade, scan
from .attempts import Stopped, past_deadlocks, work_alone
from .courtesy import waited_for
from .grading import checker_of
from .series import Calling, Series, following

_series = Series()  # one chunk at a time in a process, as in `ingest`


def check(dataset_id: UUID | str) -> None:
    """Apply the dataset's rules to all its samples, here and now. Safe to call at any time, by anybody."""
    tried: list[int] = []
    while (waiting := begin(dataset_id)) and waiting != tried:
        tried = [] if _check_chunks(waiting[0]) else waiting


def begin(dataset_id: UUID | str, abreast: int = 1) -> list[int]:
    """Cut the dataset into chunks if that is still to do, and end the check if all of them are done.

    Answers the next chunks that nobody works on, as many as are worked on `abreast`. Safe to call at any time.
    """
    work_alone(Dataset.objects.to_check(), dataset_id, with_related=(), work=_prepare, fail=_give_up)
    chunks = CheckChunk.objects.unfinished().filter(dataset=dataset_id).abandoned()
    return list(chunks.order_by("number").values_list("pk", flat=True)[:abreast])


def go_on(chunk_id: int | str) -> None:
    """Check one chunk and no other, and end the check if it was the last one."""
    chunk = CheckChunk.objects.filter(pk=chunk_id).first()
    if chunk is not None:
        _bring_on(chunk, _check_chunks(chunk_id, only=True))


def go_through(chunk_id: int | str, abreast: int, call: Callable[[int], object]) -> None:
    """Check the chunk and those after it, as `ingest.go_through` imports them; end the check after the last one."""
    chunk = CheckChunk.objects.filter(pk=chunk_id).first()
    if chunk is None or not _series.is_mine(chunk.dataset_id):
        return
    try:
        left = CheckChunk.objects.unfinished().filter(dataset=chunk.dataset_id)
        with waited_for():
            _bring_on(chunk, _check_chunks(chunk_id, between=Calling(left, abreast, call)))
    finally:
        _series.leave(chunk.dataset_id)


def _bring_on(chunk: CheckChunk, went_well: bool) -> None:
    if not went_well or not CheckChunk.objects.unfinished().filter(dataset=chunk.dataset_id).exists():
        begin(chunk.dataset_id)


def _prepare(dataset: Dataset, key: str) -> None:
    version = checker_of(dataset).version
    if version != dataset.checking_version:  # an upgrade has changed the rules themselves
        if not _same(dataset).renew(dataset.pk, key, checking_version=version):
            raise Stopped
        dataset.checking_version = version
    chunks = CheckChunk.objects.filter(dataset=dataset, version=version)
    if not chunks.exists():
        past_deadlocks(partial(_plan, dataset, key))
    if not chunks.filter(done=False).exists():
        past_deadlocks(partial(_end, dataset, key))


def _plan(dataset: Dataset, key: str) -> None:
    step = settings.INGEST_CHUNK_ROWS
    with transaction.atomic():
        CheckChunk.objects.filter(dataset=dataset).delete()  # first: who writes one holds it and waits for the dataset
        if not _same(dataset).renew(dataset.pk, key, checked_to=0):
            raise Stopped
        behind = Dataset.objects.values_list("next_position", flat=True).get(pk=dataset.pk)
        CheckChunk.objects.bulk_create(
            (
                CheckChunk(
                    dataset=dataset,
                    version=dataset.checking_version,
                    number=number,
                    first=first,
                    last=min(first + step, behind) - 1,
                )
                for number, first in enumerate(range(1, behind, step))
            ),
            batch_size=500,
        )


def _end(dataset: Dataset, key: str) -> None:
    with transaction.atomic():
        CheckChunk.objects.filter(dataset=dataset).delete()
        version = dataset.checking_version
        if not _same(dataset).renew(dataset.pk, key, checking_version="", checked_to=0, rule_set_version=version):
            raise Stopped
        scan.ask(dataset.pk)  # what was said of the set was said under the old rules


def _same(dataset: Dataset) -> DatasetQuerySet:
    """The dataset, as long as the rules to be applied are still the same."""
    return Dataset.objects.to_check().filter(checking_version=dataset.checking_version)


def _check_chunks(chunk_id: int | str, *, only: bool = False, between: Callable[[], object] = lambda: None) -> bool:
    """Check a chunk, and unless it is the `only` one, those after it. False: one was not ours, or is not any more."""
    return _series.work(
        CheckChunk.objects.unfinished(),
        chunk_id,
        with_related=("dataset",),
        work=partial(_check, only=only),
        fail=_give_up_whole,
        between=between,
    )


def _check(chunk: CheckChunk, key: str, *, only: bool) -> int | None:
    """Check one chunk. Answers the one that was claimed to come after it."""
    dataset = chunk.dataset
    checker = checker_of(dataset)
    if checker.version != chunk.version:
        raise Stopped  # the rules changed between the claim and here
    seen = regrade.look(dataset, checker, chunk.first, chunk.last)
    return past_deadlocks(partial(_write, chunk, key, seen, only=only))


def _write(chunk: CheckChunk, key: str, seen: regrade.Seen, *, only: bool) -> int | None:
    with transaction.atomic():
        if not CheckChunk.objects.filter(done=False).release(chunk.pk, key, done=True):
            raise Stopped
        after = None if only else following(CheckChunk.objects.unfinished().filter(dataset=chunk.dataset_id), key)
        changes = regrade.write(chunk.dataset, checker_of(chunk.dataset), seen)
        counted = _same(chunk.dataset).filter(pk=chunk.dataset_id)
        if not counted.update(checked_to=F("checked_to") + chunk.last - chunk.first + 1):
            raise Stopped
        regrade.count(chunk.dataset, changes)
    return after


def _give_up(dataset: Dataset, key: str, code: str, text: Text) -> None:
    """Stop checking again. Some samples are graded by the new rules and some by the old: `Dataset.check_broke`."""
    _same(dataset).filter(pk=dataset.pk).update(checking_version="", checked_to=0, rule_set_version="")


def _give_up_whole(chunk: CheckChunk, key: str, code: str, text: Text) -> None:
    _give_up(chunk.dataset, key, code, text)

"""General samples of another dataset, mixed into the training side so that a model does not forget how to talk."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field

import numpy as np
from django.db.models import F, FilteredRelation, Q, QuerySet

from datasets_app.core import samples
from datasets_app.core.findings import RANK
from datasets_app.core.sets.grams import bare, folded
from datasets_app.core.sets.meeting import meet
from datasets_app.core.sets.near import NearIndex
from datasets_app.core.splitting import SIDES, Column, mixed_rows, shuffled
from datasets_app.models import Revision, Sample, Snapshot
from datasets_app.models.sample import Status

from .census import CHUNK, Census

PAYLOADS = 500  # contents that are in memory at once


@dataclass(frozen=True, slots=True)
class Row:
    """A sample that is mixed in, as it is now."""

    position: int
    sample: int
    revision: int
    content_hash: str
    worst: int
    tokens: int
    question: int


@dataclass(frozen=True, slots=True)
class Mixed:
    """The rows in the order of their dataset; `wanted` is how many the share asks for, more than there are or not.

    `near` counts those that the lot fell on and that stay out: nearly the same is in our validation or test.
    """

    rows: list[Row] = field(default_factory=list)
    wanted: int = 0
    near: int = 0


def choose(snapshot: Snapshot, taken: Census, side: Column, step: Callable[[], None]) -> Mixed:
    """As many as make the asked percentage of the training side, drawn by lot with the snapshot's seed.

    Samples with errors and rejected ones are not drawn, and none that asks what one of our own asks: it would teach
    another answer to it, or give a question of the validation away. One that is nearly the same as a sample of our
    validation or test gives that away as well, and the next one is drawn in its place. More own rows in training only
    add to what is drawn.
    """
    if not snapshot.mix:
        return Mixed()
    wanted = mixed_rows(int((side == SIDES.index("train")).sum()), snapshot.mix["percent"])
    general = Sample.objects.filter(
        dataset=snapshot.mix["dataset"], position__lte=snapshot.mix["upto"], worst__lt=RANK["error"]
    ).exclude(status__in=(Status.REJECTED, Status.TRASHED))
    ours = taken.of("question")
    lot = _lot(general, ours, snapshot.seed, step)
    rows: list[Row] = []
    near = drawn = 0
    with _kept_apart(taken, side, step) as apart:
        while len(rows) < wanted and drawn < len(lot):
            some = np.sort(lot[drawn : drawn + wanted - len(rows)])
            drawn += len(some)
            fitting, met = _fitting(general, some, ours, apart, step)
            rows += fitting
            near += met
    return Mixed(sorted(rows, key=lambda row: row.position), wanted, near)


def _lot(general: QuerySet[Sample], ours: Column, seed: int, step: Callable[[], None]) -> Column:
    """The positions of all that ask what none of ours asks, in the order in which the lot falls on them."""
    positions, questions = array("I"), array("Q")
    last = 0
    while listed := list(
        general.filter(position__gt=last).order_by("position").values_list("position", "question")[: 4 * CHUNK]
    ):
        last = listed[-1][0]
        positions.extend(position for position, _ in listed)
        questions.extend(int(question[:16] or "0", 16) for _, question in listed)
        step()
    free = np.flatnonzero(~np.isin(np.asarray(questions), ours))
    lot = shuffled(np.asarray(positions, dtype=np.uint64)[free], seed)
    return np.asarray(positions)[free[np.argsort(lot, kind="stable")]]


def _fitting(
    general: QuerySet[Sample], positions: Column, ours: Column, apart: NearIndex | None, step: Callable[[], None]
) -> tuple[list[Row], int]:
    """Those of the samples at these positions that can be mixed in, and how many stay out for being met in `apart`."""
    rows: list[Row] = []
    with NearIndex() if apart else nullcontext() as index:
        for start in range(0, len(positions), CHUNK):
            found = _rows(general.filter(position__in=positions[start : start + CHUNK].tolist()))
            # Somebody may have edited one since the lot was drawn: what is mixed in fits as it is read now.
            asked = np.isin(np.array([row.question for row in found], dtype=np.uint64), ours)
            fitting = [row for row, ours_too in zip(found, asked.tolist(), strict=True) if not ours_too]
            if index:
                _sketch(index, [row.revision for row in fitting], step)
            rows += fitting
            step()
        if not (index and apart and rows):
            return rows, 0
        met = meet(index, apart, step).tolist()
    return [row for row, too_near in zip(rows, met, strict=True) if not too_near], sum(met)


@contextmanager
def _kept_apart(taken: Census, side: Column, step: Callable[[], None]) -> Iterator[NearIndex | None]:
    """Our samples of validation and test, to be compared with; None where there are none."""
    revisions = taken.of("revision")[side != SIDES.index("train")]
    if not len(revisions):
        yield None
        return
    with NearIndex() as index:
        for start in range(0, len(revisions), CHUNK):
            _sketch(index, revisions[start : start + CHUNK].tolist(), step)
        yield index


def _sketch(index: NearIndex, revisions: Sequence[int], step: Callable[[], None]) -> None:
    """Take in the contents of these revisions, in their order."""
    for start in range(0, len(revisions), PAYLOADS):
        block = revisions[start : start + PAYLOADS]
        payloads = dict(Revision.objects.filter(pk__in=block).order_by().values_list("pk", "payload"))
        index.add(bare([folded(samples.from_json(payloads[pk])) for pk in block]))
        step()


def _rows(general: QuerySet[Sample]) -> list[Row]:
    current = FilteredRelation("revisions", condition=Q(revisions__number=F("revision_number")))
    found = (
        general.annotate(frozen=current)
        .order_by("position")
        .values_list("position", "pk", "frozen__pk", "frozen__content_hash", "worst", "tokens", "question")
    )
    return [
        Row(position, pk, revision, content, worst, tokens, int(question[:16] or "0", 16))
        for position, pk, revision, content, worst, tokens, question in found
    ]

"""General samples of another dataset, mixed into the training side so that a model does not forget how to talk.

They are held in columns in files, as the snapshot's own are: some forty bytes each of as many as its whole training
side.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from functools import partial
from typing import Any, BinaryIO

import numpy as np
from django.db.models import F, FilteredRelation, Q, QuerySet

from datasets_app.core import samples
from datasets_app.core.drawing import FITS, NEAR, OUT, draw
from datasets_app.core.findings import RANK
from datasets_app.core.sets.grams import bare, folded
from datasets_app.core.sets.meeting import meet
from datasets_app.core.sets.near import NearIndex
from datasets_app.core.sets.numbers import Numbers
from datasets_app.core.splitting import SIDES, Column, mixed_rows, shuffled
from datasets_app.models import Revision, Sample, Snapshot
from datasets_app.models.sample import Status

from .census import CHUNK, Census
from .plain import fetched

PAYLOADS = 500  # contents that are in memory at once
COMPARED = 50_000  # samples whose sketches are compared at once
HASH = 32  # bytes


@dataclass(slots=True)
class Rows:
    """One entry a sample in each column, as it was when it was read; `question` is 64 bits of a hash."""

    position: Numbers = field(default_factory=partial(Numbers, "I"))
    sample: Numbers = field(default_factory=partial(Numbers, "q"))
    revision: Numbers = field(default_factory=partial(Numbers, "q"))
    worst: Numbers = field(default_factory=partial(Numbers, "b"))
    tokens: Numbers = field(default_factory=partial(Numbers, "I"))
    question: Numbers = field(default_factory=partial(Numbers, "Q"))

    def __len__(self) -> int:
        return len(self.position)

    def columns(self) -> Iterator[tuple[str, Column]]:
        """(name, column as a numpy array)"""
        for name in Rows.__slots__:
            yield name, self.of(name)

    def of(self, name: str) -> Column:
        """The column as a numpy array, read for who asks."""
        column: Numbers = getattr(self, name)
        return column.whole()


@dataclass(slots=True)
class Mixed(Rows):
    """The rows in the order of their dataset; `wanted` is how many the share asks for, more than there are or not.

    `near` counts those that the lot fell on and that stay out: nearly the same is in our validation or test. `place`
    says which of the hashes in the file of contents is a row's.
    """

    place: Numbers = field(default_factory=partial(Numbers, "I"))
    wanted: int = 0
    near: int = 0


def choose(snapshot: Snapshot, taken: Census, side: Column, contents: BinaryIO, step: Callable[[], None]) -> Mixed:
    """As many as make the asked percentage of the training side, drawn by lot with the snapshot's seed.

    Samples with errors and rejected ones are not drawn, and none that asks what one of our own asks: it would teach
    another answer to it, or give a question of the validation away. One that is nearly the same as a sample of our
    validation or test gives that away as well, and the next one is drawn in its place. More own rows in training only
    add to what is drawn. The hashes of what was read are appended to `contents`.
    """
    if not snapshot.mix:
        return Mixed()
    wanted = mixed_rows(int((side == SIDES.index("train")).sum()), snapshot.mix["percent"])
    general = Sample.objects.filter(
        dataset=snapshot.mix["dataset"], position__lte=snapshot.mix["upto"], worst__lt=RANK["error"]
    ).exclude(status__in=(Status.REJECTED, Status.TRASHED))
    ours = np.sort(taken.of("question"))
    lot = _lot(general, ours, snapshot.seed, step)
    fitting = Rows()
    with _kept_apart(taken, side, step) as apart:

        def look(positions: Column) -> Column:
            found = [
                _look(general, positions[start : start + COMPARED], ours, apart, fitting, contents, step)
                for start in range(0, len(positions), COMPARED)
            ]
            return np.concatenate(found)

        chosen, near = draw(lot, wanted, look)
    return _chosen(fitting, chosen, len(taken), wanted, near)


def hashes(contents: BinaryIO, places: Sequence[int]) -> Iterator[str]:
    """The hex digits of the hashes at these places of the file."""
    for place in places:
        contents.seek(HASH * place)
        yield contents.read(HASH).hex()


def _chosen(fitting: Rows, chosen: Column, first: int, wanted: int, near: int) -> Mixed:
    """Those of the fitting rows that stand at the chosen positions, all of which are there."""
    there = fitting.of("position")
    order = np.argsort(there).astype(np.uint32)
    at = order[np.searchsorted(there[order], chosen)]
    del there, order
    mixed = Mixed(wanted=wanted, near=near)
    for name in Rows.__slots__:
        getattr(mixed, name).take(fitting.of(name)[at])
    mixed.place.take(at + np.uint32(first))
    return mixed


def _lot(general: QuerySet[Sample], ours: Column, seed: int, step: Callable[[], None]) -> Column:
    """The positions of all that ask what none of ours asks, in the order in which the lot falls on them."""
    free = Numbers("I")
    last = 0
    some = general.order_by("position").values_list("position", "question")
    while listed := fetched(some.filter(position__gt=last)[: 4 * CHUNK]):
        last = listed[-1][0]
        positions = np.fromiter((position for position, _ in listed), dtype=np.uint32, count=len(listed))
        free.take(positions[~_among(ours, [question for _, question in listed])])
        step()
    positions = free.whole()
    return positions[np.argsort(shuffled(positions, seed), kind="stable")]


def _among(ours: Column, questions: Sequence[str]) -> Column:
    """Which of the questions is one of ours, which are sorted."""
    asked = np.fromiter(map(_bits, questions), dtype=np.uint64, count=len(questions))
    same: Column = ours[np.minimum(np.searchsorted(ours, asked), len(ours) - 1)] == asked
    return same


def _bits(question: str) -> int:
    return int(question[:16] or "0", 16)


def _look(
    general: QuerySet[Sample],
    positions: Column,
    ours: Column,
    apart: NearIndex | None,
    fitting: Rows,
    contents: BinaryIO,
    step: Callable[[], None],
) -> Column:
    """What becomes of the samples at these positions, for `draw`; those that fit are added to `fitting`."""
    rows, hashes = Rows(), bytearray()
    with NearIndex() if apart else nullcontext() as index:
        for start in range(0, len(positions), CHUNK):
            found = _rows(general, positions[start : start + CHUNK])
            # Somebody may have edited one since the lot was drawn: what is mixed in fits as it is read now.
            asked = _among(ours, [row[-1] for row in found]).tolist()
            found = [row for row, ours_too in zip(found, asked, strict=True) if not ours_too]
            if index:
                _sketch(index, [row[2] for row in found], step)
            for position, sample, revision, content, worst, tokens, question in found:
                rows.position.append(position)
                rows.sample.append(sample)
                rows.revision.append(revision)
                rows.worst.append(worst)
                rows.tokens.append(tokens)
                rows.question.append(_bits(question))
                hashes += bytes.fromhex(content)
            step()
        met = meet(index, apart, step) if index and apart and len(rows) else np.zeros(len(rows), dtype=bool)
    for name, column in rows.columns():
        getattr(fitting, name).take(column[~met])
    contents.write(np.frombuffer(hashes, dtype=f"V{HASH}")[~met].tobytes())
    becomes = np.full(len(positions), OUT, dtype=np.int8)
    becomes[np.searchsorted(positions, rows.of("position"))] = np.where(met, NEAR, FITS)
    return becomes


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


def _rows(general: QuerySet[Sample], positions: Column) -> list[tuple[Any, ...]]:
    """(position, sample, revision, content hash, worst, tokens, question) of those at these positions that are left."""
    current = FilteredRelation("revisions", condition=Q(revisions__number=F("revision_number")))
    rows = (
        general.annotate(frozen=current)
        .order_by("position")
        .values_list("position", "pk", "frozen__pk", "frozen__content_hash", "worst", "tokens", "question")
    )
    first, last = int(positions[0]), int(positions[-1])
    if last - first >= 4 * len(positions):
        return fetched(rows.filter(position__in=positions.tolist()))
    wanted = set(positions.tolist())  # most of their range: to read it whole is much cheaper than a list of thousands
    return [row for row in fetched(rows.filter(position__gte=first, position__lte=last)) if row[0] in wanted]

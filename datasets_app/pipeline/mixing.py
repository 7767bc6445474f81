"""General samples of another dataset, mixed into the training side so that a model does not forget how to talk."""

from __future__ import annotations

from array import array
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from django.db.models import F, FilteredRelation, Q, QuerySet

from datasets_app.core.findings import RANK
from datasets_app.core.splitting import SIDES, Column, mixed_rows, shuffled
from datasets_app.models import Sample, Snapshot
from datasets_app.models.sample import Status

from .census import CHUNK, Census


@dataclass(frozen=True, slots=True)
class Row:
    """A sample that is mixed in, as it is now."""

    sample: int
    revision: int
    content_hash: str
    worst: int
    tokens: int
    question: int


@dataclass(frozen=True, slots=True)
class Mixed:
    """The rows in the order of their dataset; `wanted` is how many the share asks for, more than there are or not."""

    rows: list[Row] = field(default_factory=list)
    wanted: int = 0


def choose(snapshot: Snapshot, taken: Census, side: Column, step: Callable[[], None]) -> Mixed:
    """As many as make the asked percentage of the training side, drawn by lot with the snapshot's seed.

    Samples with errors and rejected ones are not drawn, and none that asks what one of our own asks: it would teach
    another answer to it, or give a question of the validation away. More own rows only add to what is drawn.
    """
    if not snapshot.mix:
        return Mixed()
    wanted = mixed_rows(int((side == SIDES.index("train")).sum()), snapshot.mix["percent"])
    general = Sample.objects.filter(
        dataset=snapshot.mix["dataset"], position__lte=snapshot.mix["upto"], worst__lt=RANK["error"]
    ).exclude(status__in=(Status.REJECTED, Status.TRASHED))
    ours = taken.of("question")
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
    lot = shuffled(np.asarray(positions, dtype=np.uint64)[free], snapshot.seed)
    drawn = np.sort(np.asarray(positions)[free[np.argsort(lot, kind="stable")[:wanted]]])
    rows: list[Row] = []
    for start in range(0, len(drawn), CHUNK):
        found = _rows(general.filter(position__in=drawn[start : start + CHUNK].tolist()))
        # Somebody may have edited one since the lot was drawn: what is mixed in fits as it is read now.
        asked = np.isin(np.array([row.question for row in found], dtype=np.uint64), ours)
        rows += [row for row, ours_too in zip(found, asked.tolist(), strict=True) if not ours_too]
        step()
    return Mixed(rows, wanted)


def _rows(general: QuerySet[Sample]) -> list[Row]:
    current = FilteredRelation("revisions", condition=Q(revisions__number=F("revision_number")))
    found = (
        general.annotate(frozen=current)
        .order_by("position")
        .values_list("pk", "frozen__pk", "frozen__content_hash", "worst", "tokens", "question")
    )
    return [
        Row(pk, revision, content, worst, tokens, int(question[:16] or "0", 16))
        for pk, revision, content, worst, tokens, question in found
    ]

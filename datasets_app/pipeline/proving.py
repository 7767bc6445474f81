"""The proof that a snapshot which is written stands as it should: nothing alike on two sides, and every entry where it
was decided. Whoever freezes asks for it before the snapshot is called ready."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from datasets_app.core.splitting import SIDES, Column
from datasets_app.models import Snapshot, SnapshotEntry

from . import census, mixing
from .census import Census

TRAIN = SIDES.index("train")
PARTS = 16


class SplitLeak(Exception):
    """A group or a question stands on two sides of a split: a programming error, so the snapshot fails, not lies.

    Its words are for the log; people read that the snapshot failed.
    """


def prove_disjoint(
    snapshot: Snapshot, taken: Census, side: Column, mixed: mixing.Mixed, step: Callable[[], None]
) -> None:
    """Raise SplitLeak if any group, or any question, is on two sides: proven of `side`, the side of each sample taken,
    without looking at how it came about; and of what was written, which is read back, that it is just that."""
    for keys in taken.ties:
        if (torn := _torn(keys, side)) is not None:
            raise SplitLeak(f"what is like {taken.of('position')[torn]} stands on two sides")
    compared = np.sort(taken.of("question")[side != TRAIN])
    if any(_holds(compared, asked) for asked in mixed.question.pieces()):
        raise SplitLeak("a general sample asks what is in a comparison")
    _read_back(snapshot, taken.of("position"), side, len(mixed), step)


def _torn(keys: Column, side: Column) -> int | None:
    """One of those that share their key with one on another side; a part of the keys at a time, to hold less."""
    low = keys.astype(np.uint8) % PARTS
    for part in range(PARTS):
        places = np.flatnonzero(low == part)
        order = places[np.argsort(keys[places], kind="stable")]
        ordered, stands = keys[order], side[order]
        torn = (ordered[1:] == ordered[:-1]) & (stands[1:] != stands[:-1])
        if torn.any():
            return int(order[int(np.flatnonzero(torn)[0])])
    return None


def _holds(ordered: Column, some: Column) -> bool:
    """Whether one of these stands among the ordered ones."""
    if not len(ordered):
        return False
    return bool((ordered[np.minimum(np.searchsorted(ordered, some), len(ordered) - 1)] == some).any())


def _read_back(snapshot: Snapshot, positions: Column, side: Column, mixed: int, step: Callable[[], None]) -> None:
    entries = SnapshotEntry.objects.filter(snapshot=snapshot).order_by()
    for start in range(0, snapshot.upto + 1, census.RANGE):
        first, behind = np.searchsorted(positions, (start, start + census.RANGE))
        there = {"position__gte": start, "position__lt": min(start + census.RANGE, snapshot.upto + 1)}
        for number, written in census.by_side(entries.filter(**there)):
            if not np.array_equal(np.sort(written), positions[first:behind][side[first:behind] == number]):
                raise SplitLeak(f"what was written on {SIDES[number]} from {start} on is not what was decided")
        step()
    beside = entries.filter(position__gt=snapshot.upto)
    if (beside.count(), beside.filter(split=SIDES[TRAIN], mixed=True).count()) != (mixed, mixed):
        raise SplitLeak("what was written of the general samples is not what was decided")

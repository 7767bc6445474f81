"""The sides of the newest snapshot on the samples, so that lists can be filtered by them; chunk by chunk."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from functools import partial

from django.db import connection, transaction
from django.db.models import Count, Exists, F, OuterRef, QuerySet

from datasets_app.core.splitting import SIDES
from datasets_app.models import DatasetCount, Sample, Snapshot, SnapshotEntry
from datasets_app.models.sample import Status
from datasets_app.models.snapshot import SnapshotState

from . import bulk, planner
from .attempts import past_deadlocks
from .census import CHUNK
from .lock_order import hold


def put_sides_on_samples(snapshot: Snapshot, step: Callable[[], None]) -> None:
    """Write each sample's side. Counters move with the samples, so the two agree after every chunk.

    Of two snapshots that are ready at once the newer one's sides stay: whoever sees a newer one that has its entries
    stops. Safe to run twice.
    """
    last = moved = 0
    while last < snapshot.dataset.next_position - 1:
        found = past_deadlocks(partial(_chunk, snapshot, last, last + CHUNK))
        if found is None:
            return
        moved += found
        last += CHUNK
        step()
    planner.tell(moved, Sample)


def _chunk(snapshot: Snapshot, after: int, upto: int) -> int | None:
    """How many were moved; None where a newer snapshot's sides stay."""
    with transaction.atomic():
        dataset = snapshot.dataset_id
        snapshots = Snapshot.objects.filter(dataset=dataset)
        # Two that place in one dataset take turns at its oldest snapshot: the dataset's own row is due after samples.
        snapshots.select_for_update(no_key=True).only("pk").earliest("number")
        newer = snapshots.filter(number__gt=snapshot.number).exclude(content_hash="")
        if newer.exclude(state=SnapshotState.FAILED).exists():
            return None
        here = {"position__gt": after, "position__lte": upto}
        entries = SnapshotEntry.objects.filter(snapshot=snapshot, mixed=False, **here).order_by()
        present = Sample.objects.filter(dataset=dataset, **here).exclude(status=Status.TRASHED).order_by()
        moves = _moves(present, entries)
        if moves and connection.features.has_select_for_update:
            # Those in the trash as well: none may come back with its side while the others are counted and moved.
            hold(Sample.objects.filter(dataset=dataset, **here))
            moves = _moves(present, entries)
        if moves:
            moving = entries.exclude(sample__status=Status.TRASHED).exclude(sample__split=F("split"))
            bulk.update_from(Sample, "split", moving.values(key=F("sample_id"), value=F("split")))
            if any(not side for _, side in moves):
                _alone(present, entries).update(split="")
        changes: Counter[tuple[str, str]] = Counter()
        for (before, side), n in moves.items():
            changes["split", side] += n
            changes["split", before] -= n
        DatasetCount.objects.add(dataset, {key: n for key, n in changes.items() if key[1]})
    return moves.total()


def _moves(present: QuerySet[Sample], entries: QuerySet[SnapshotEntry]) -> Counter[tuple[str, str]]:
    """(side they have, side they should have) → how many samples; of those that are where they should be nothing.

    Counted by the database: to read them all and put them beside each other here took three times as long.
    """
    joined = entries.exclude(sample__status=Status.TRASHED).values_list("sample__split", "split")
    found = {(before, side): n for before, side, n in joined.annotate(n=Count("pk"))}
    moves = Counter({move: n for move, n in found.items() if move[0] != move[1]})
    placed = present.filter(split__in=SIDES).count()
    if placed > sum(n for (before, _), n in found.items() if before):
        alone = _alone(present, entries).values_list("split").annotate(n=Count("pk"))
        moves.update({(before, ""): n for before, n in alone})
    return moves


def _alone(present: QuerySet[Sample], entries: QuerySet[SnapshotEntry]) -> QuerySet[Sample]:
    """Those on a side that the snapshot does not hold."""
    return present.filter(split__in=SIDES).exclude(Exists(entries.filter(position=OuterRef("position"))))

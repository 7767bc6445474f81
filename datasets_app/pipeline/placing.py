"""The sides of the newest snapshot on the samples, so that lists can be filtered by them; chunk by chunk."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from functools import partial

from django.db import connection, transaction
from django.db.models import QuerySet

from datasets_app.models import DatasetCount, Sample, Snapshot, SnapshotEntry
from datasets_app.models.sample import Status
from datasets_app.models.snapshot import SnapshotState

from . import bulk
from .attempts import past_deadlocks
from .census import CHUNK
from .plain import fetched
from .turns import hold


def put_sides_on_samples(snapshot: Snapshot, step: Callable[[], None]) -> None:
    """Write each sample's side. Counters move with the samples, so the two agree after every chunk.

    Of two snapshots that are ready at once the newer one's sides stay: whoever sees a newer one that has its entries
    stops. Safe to run twice.
    """
    last = 0
    while last < snapshot.dataset.next_position - 1:
        if not past_deadlocks(partial(_chunk, snapshot, last, last + CHUNK)):
            return
        last += CHUNK
        step()


def _chunk(snapshot: Snapshot, after: int, upto: int) -> bool:
    with transaction.atomic():
        dataset = snapshot.dataset_id
        snapshots = Snapshot.objects.filter(dataset=dataset)
        # Two that place in one dataset take turns at its oldest snapshot: the dataset's own row is due after samples.
        snapshots.select_for_update(no_key=True).only("pk").earliest("number")
        newer = snapshots.filter(number__gt=snapshot.number).exclude(content_hash="")
        if newer.exclude(state=SnapshotState.FAILED).exists():
            return False
        here = {"position__gt": after, "position__lte": upto}
        entries = SnapshotEntry.objects.filter(snapshot=snapshot, mixed=False, **here).order_by()
        wanted = dict(fetched(entries.values_list("sample_id", "split")))
        present = Sample.objects.filter(dataset=dataset, **here).exclude(status=Status.TRASHED).order_by()
        moves = _moves(present, wanted)
        if moves and connection.features.has_select_for_update:
            hold(Sample.objects.filter(pk__in=moves))
            # As they are now that they are held: one may have gone to the trash, or come back from it with its side.
            moves = {pk: move for pk, move in _moves(present, wanted).items() if pk in moves}
        bulk.update(Sample, ("split",), ((pk, side) for pk, (_, side) in moves.items()))
        changes: Counter[tuple[str, str]] = Counter()
        for (before, side), n in Counter(moves.values()).items():
            changes["split", side] += n
            changes["split", before] -= n
        DatasetCount.objects.add(dataset, {key: n for key, n in changes.items() if key[1]})
    return True


def _moves(present: QuerySet[Sample], wanted: Mapping[int, str]) -> dict[int, tuple[str, str]]:
    """(side it has, side it should have) of each sample that is not where it should be."""
    rows = fetched(present.values_list("pk", "split"))
    return {pk: (before, side) for pk, before in rows if (side := wanted.get(pk, "")) != before}

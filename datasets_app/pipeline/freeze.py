"""Building a snapshot: every sample's place, side and revision, written in chunks; then proven, hashed and counted.

Entries point at revisions, which never change, so what a snapshot holds is fixed the moment the entry is written.
Samples that arrive while it is being built have later positions than `upto` and are left for the next one.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Count, Max, Sum

from datasets_app.core import samples
from datasets_app.core.findings import RANK
from datasets_app.core.splitting import DUPLICATES, SIDES, Shares, group_key, side
from datasets_app.models import Dataset, DatasetCount, FindingRow, Revision, Sample, Snapshot, SnapshotEntry
from datasets_app.models.snapshot import SnapshotState
from ftstudio.errors import Text
from ftstudio.web.texts import to_row

from . import bulk
from .attempts import past_deadlocks, work_alone
from .selecting import selected

CHUNK = 2000
ENTRY_COLUMNS = ("snapshot_id", "sample_id", "revision_id", "position", "split", "group", "worst", "mixed")


class SplitLeak(Exception):
    """A group stands on two sides of a split: a programming error, so the snapshot fails instead of lying.

    Its words are for the log; people read that the snapshot failed.
    """


def freeze(snapshot_id: UUID | str) -> None:
    """Build the snapshot as far as it is not built. Safe to call at any time."""
    building = Snapshot.objects.filter(state=SnapshotState.BUILDING)
    work_alone(building, snapshot_id, with_related=("dataset",), work=_run, fail=_fail)


def _run(snapshot: Snapshot, key: str) -> None:
    while _chunk(snapshot, key):
        continue
    if not snapshot.entries.exists():
        _fail(snapshot, key, "empty", Text("No sample fits what was asked for."))
        return
    prove_disjoint(snapshot)
    counts = _count(snapshot)
    content_hash = _hash(snapshot)
    past_deadlocks(lambda: _make_ready(snapshot, key, counts, content_hash))


def _make_ready(snapshot: Snapshot, key: str, counts: Mapping[str, Any], content_hash: str) -> None:
    with transaction.atomic():
        if _end(snapshot, key, state=SnapshotState.READY, counts=counts, content_hash=content_hash):
            _put_sides_on_samples(snapshot, counts)


def _fail(snapshot: Snapshot, key: str, code: str, text: Text) -> None:
    _end(snapshot, key, state=SnapshotState.FAILED, error={"code": code, **to_row(text)})


def _end(snapshot: Snapshot, key: str, **changes: Any) -> bool:
    return bool(Snapshot.objects.filter(state=SnapshotState.BUILDING).release(snapshot.pk, key, **changes))


def _chunk(snapshot: Snapshot, key: str) -> bool:
    """Write the entries that follow the last one written. False: there are no more, or the lease was lost."""
    written = snapshot.entries.aggregate(last=Max("position"))["last"] or 0
    rows = list(
        selected(snapshot.dataset, snapshot.filter)
        .filter(position__gt=written, position__lte=snapshot.upto)
        .order_by("position")
        .values_list("pk", "position", "revision_number", "worst", "fingerprint")[:CHUNK]
    )
    if not rows:
        return False
    revisions = _revisions(snapshot, rows)
    shares = Shares(**snapshot.shares)
    values = []
    for pk, position, number, worst, fingerprint in rows:
        revision_id, payload = revisions[pk, number]
        group = _group(snapshot.group_by, fingerprint, payload, fallback=str(position))
        on = side(seed=snapshot.seed, key=group, shares=shares)
        values.append(
            (snapshot.pk, pk, revision_id, position, on, hashlib.sha256(group.encode()).hexdigest(), worst, False)
        )
    with transaction.atomic():
        if not Snapshot.objects.filter(state=SnapshotState.BUILDING).renew(snapshot.pk, key):
            return False
        bulk.insert(SnapshotEntry, ENTRY_COLUMNS, values)
    return True


def _revisions(snapshot: Snapshot, rows: list[Any]) -> dict[tuple[int, int], tuple[int, str]]:
    """(sample, number) → (revision id, payload where the group key needs it)."""
    columns = ["sample_id", "number", "pk"]
    if snapshot.group_by and snapshot.group_by != DUPLICATES:
        columns.append("payload")
    found = Revision.objects.filter(
        sample__dataset=snapshot.dataset, sample__position__gte=rows[0][1], sample__position__lte=rows[-1][1]
    )
    return {
        (sample_id, number): (pk, payload[0] if payload else "")
        for sample_id, number, pk, *payload in found.order_by().values_list(*columns)
    }


def _group(group_by: str, fingerprint: str, payload: str, *, fallback: str) -> str:
    if group_by == DUPLICATES:
        return fingerprint
    return group_key(samples.from_json(payload), group_by, fallback) if group_by else fallback


def prove_disjoint(snapshot: Snapshot) -> None:
    """Raise SplitLeak if any group has entries on two sides."""
    leaks = (
        snapshot.entries.order_by().values("group").annotate(sides=Count("split", distinct=True)).filter(sides__gt=1)
    )
    for leak in leaks[:1]:
        raise SplitLeak(f"group {leak['group'][:12]} stands on {leak['sides']} sides")


def _count(snapshot: Snapshot) -> dict[str, Any]:
    """Samples per side, tokens, groups, samples with errors; and per side how many samples each rule calls wrong."""
    by_side = snapshot.entries.order_by().values_list("split").annotate(n=Count("pk"))
    counts: dict[str, Any] = {**dict.fromkeys(SIDES, 0), **dict(by_side)}
    counts["tokens"] = snapshot.entries.aggregate(n=Sum("sample__tokens"))["n"] or 0
    counts["errors"] = snapshot.entries.filter(worst=RANK["error"]).count()
    counts["groups"] = snapshot.entries.aggregate(n=Count("group", distinct=True))["n"]
    rules: dict[str, dict[str, int]] = {name: {} for name in SIDES}
    wrong = FindingRow.objects.filter(severity="error", revision__in=snapshot.entries.values("revision"))
    sides = dict(snapshot.entries.filter(worst=RANK["error"]).order_by().values_list("revision_id", "split"))
    pairs = wrong.order_by().values_list("revision_id", "rule").distinct()
    for (name, rule), n in sorted(Counter((sides[pk], rule) for pk, rule in pairs if pk in sides).items()):
        rules[name][rule] = n
    return {**counts, "rules": rules}


def _hash(snapshot: Snapshot) -> str:
    """sha256 over one line `position content_hash split` per entry, in order."""
    digest = hashlib.sha256()
    rows = snapshot.entries.order_by("position").values_list("position", "revision__content_hash", "split")
    for position, content_hash, on in rows.iterator(chunk_size=CHUNK):
        digest.update(f"{position} {content_hash} {on}\n".encode())
    return digest.hexdigest()


def _put_sides_on_samples(snapshot: Snapshot, counts: Mapping[str, Any]) -> None:
    """Let lists filter by side: only the newest snapshot's sides are shown."""
    # Locked, so that of two snapshots that are ready at once the newer one's sides stay.
    dataset = Dataset.objects.select_for_update(no_key=True).get(pk=snapshot.dataset_id)
    newer = Snapshot.objects.filter(dataset=dataset, number__gt=snapshot.number, state=SnapshotState.READY)
    if newer.exists():
        return
    rows = Sample.objects.filter(dataset=dataset)
    in_it = snapshot.entries.values("sample")
    for name in SIDES:
        there = snapshot.entries.filter(split=name).values("sample")
        rows.filter(pk__in=there).exclude(split=name).update(split=name)
    rows.exclude(split="").exclude(pk__in=in_it).update(split="")
    DatasetCount.objects.filter(dataset=dataset, kind="split").delete()
    DatasetCount.objects.add(dataset, {("split", name): counts[name] for name in SIDES})

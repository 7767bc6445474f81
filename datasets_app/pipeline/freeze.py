"""Building a snapshot: read once in columns, divided as a whole, written in chunks, proven; then put on the samples.

What a worker that died has written is thrown away and read anew: a split is decided over all samples at once, and a
half of one moment with a half of another would be no split at all. Entries point at revisions, which never change, so
what a snapshot holds is fixed when it is written. Samples that arrive meanwhile have later positions than `upto`.
"""

from __future__ import annotations

import hashlib
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from itertools import repeat
from typing import Any, BinaryIO
from uuid import UUID

import numpy as np
from django.db import transaction
from django.db.models import Exists, Min, OuterRef

from datasets_app.core.grouping import over_groups, together
from datasets_app.core.sets.numbers import Numbers
from datasets_app.core.splitting import NOWHERE, SIDES, Column, Shares, divide
from datasets_app.models import Snapshot, SnapshotEntry
from datasets_app.models.snapshot import SnapshotState
from ftstudio.errors import Listed, Text
from ftstudio.memory import few_pages, give_back, giving_back
from ftstudio.sweeping import put_off
from ftstudio.web.texts import to_row

from . import bulk, census, health, measure_test, mixing, placing, planner, waiving
from .attempts import Stopped, past_deadlocks, work_alone
from .census import CHUNK, TAGS, Census
from .courtesy import waited_for
from .proving import prove_disjoint
from .selecting import selected

ENTRY_COLUMNS = (
    "snapshot_id", "sample_id", "revision_id", "position", "split", "group", "worst", "mixed", "pair", "negative",
)  # fmt: skip
TRAIN = SIDES.index("train")
HELD_FOR = 0.5  # seconds between two looks at the lease while something is read
KINDS = 50_000  # sets of tags, of which each tag is looked at in seconds; of more, chance alone has enough to go by
PAGES = 4096  # kilobytes of the database kept in memory while all samples are read once
WAY = ("dataset_id", "seed", "group_by", "stratify_by", "shares")  # snapshots that agree in these share their sides


class _Refused(Exception):
    """What was asked for cannot be built from these samples."""

    def __init__(self, code: str, text: Text) -> None:
        super().__init__(code)
        self.code = code
        self.text = text


@dataclass(frozen=True, slots=True)
class Division:
    """The side of each sample, its group's 64 bits, how many groups there are and how many samples the largest has,
    how many samples changed their side, and how many went along with one that was imported for a side."""

    side: Column
    group: Numbers
    groups: int
    largest: int
    moved: int
    followed: int


def freeze(snapshot_id: UUID | str) -> bool:
    """Build the snapshot; True if that was done here and now. Safe to call at any time.

    One that is divided in the same way as an older one waits for it, for it has its sides to keep.
    """
    with waited_for(), giving_back():
        return work_alone(_may_begin(), snapshot_id, with_related=("dataset",), work=_run, fail=_fail)


def _may_begin() -> Any:
    building = Snapshot.objects.filter(state=SnapshotState.BUILDING)
    older = building.filter(number__lt=OuterRef("number"), **{name: OuterRef(name) for name in WAY})
    return building.exclude(Exists(older))


def _run(snapshot: Snapshot, key: str) -> None:
    with put_off():
        _freeze(snapshot, key, _now_and_then(partial(_hold, snapshot, key)))


def _now_and_then(hold: Callable[[], None]) -> Callable[[], None]:
    """`hold`, but twice a second at most: who writes holds on in the same transaction, whatever the time."""
    held = time.monotonic()

    def step() -> None:
        nonlocal held
        if time.monotonic() - held >= HELD_FOR:
            hold()
            held = time.monotonic()

    return step


def _freeze(snapshot: Snapshot, key: str, step: Callable[[], None]) -> None:
    if not snapshot.content_hash:  # else it is written, and its worker died while putting the sides on the samples
        try:
            _build(snapshot, key, step)
        except _Refused as refused:
            _clear(snapshot, step)
            _fail(snapshot, key, refused.code, refused.text)
            return
    placing.put_sides_on_samples(snapshot, step)
    _end(snapshot, key, state=SnapshotState.READY)


def _build(snapshot: Snapshot, key: str, step: Callable[[], None]) -> None:
    _clear(snapshot, step)
    with tempfile.TemporaryFile() as contents:
        _build_of(snapshot, key, contents, step)


def _build_of(snapshot: Snapshot, key: str, contents: BinaryIO, step: Callable[[], None]) -> None:
    """`contents` is an empty file: the hashes of all contents are a third of what the columns would hold."""
    with few_pages(PAGES):
        taken = census.take(snapshot, _earlier(snapshot), contents, step)
    give_back()
    if not len(taken):
        raise _Refused("empty", Text("No sample fits what was asked for."))
    division = _divide(snapshot, taken)
    step()
    mixed = mixing.choose(snapshot, taken, division.side, contents, step)
    content_hash = _write(snapshot, key, taken, contents, division, mixed)
    give_back()
    planner.tell(len(taken) + len(mixed), SnapshotEntry)
    prove_disjoint(snapshot, taken, division.side, mixed, step)
    step()
    counts = health.counts(
        snapshot, taken, division.side, mixed=mixed, groups=division.groups, largest=division.largest,
        moved=division.moved, followed=division.followed,
    )  # fmt: skip
    counts["test_set"] = measure_test.measured(snapshot, taken, division.side, step)
    counts["waived"] = waiving.passing(
        snapshot.dataset_id, selected(snapshot.dataset, snapshot.filter).filter(position__lte=snapshot.upto)
    )
    snapshot.counts, snapshot.content_hash = counts, content_hash
    _hold(snapshot, key, counts=counts, content_hash=content_hash)


def _hold(snapshot: Snapshot, key: str, **changes: Any) -> None:
    if not Snapshot.objects.filter(state=SnapshotState.BUILDING).renew(snapshot.pk, key, **changes):
        raise Stopped


def _fail(snapshot: Snapshot, key: str, code: str, text: Text) -> None:
    _end(snapshot, key, state=SnapshotState.FAILED, error={"code": code, **to_row(text)})


def _end(snapshot: Snapshot, key: str, **changes: Any) -> bool:
    return bool(Snapshot.objects.filter(state=SnapshotState.BUILDING).release(snapshot.pk, key, **changes))


def _clear(snapshot: Snapshot, step: Callable[[], None]) -> None:
    """Throw away what an earlier attempt has written, piece by piece."""
    entries = SnapshotEntry.objects.filter(snapshot=snapshot)
    while (first := entries.aggregate(at=Min("position"))["at"]) is not None:
        past_deadlocks(lambda: entries.filter(position__lt=first + 4 * CHUNK).delete())
        step()


def _earlier(snapshot: Snapshot) -> list[Snapshot]:
    """The snapshots that were divided in the same way, the newest first: their samples keep their sides.

    All of them, because the newest may have left samples out that this one has: by its filter, or in the trash.
    """
    alike = Snapshot.objects.filter(number__lt=snapshot.number, state=SnapshotState.READY, **_way_of(snapshot))
    return list(alike.order_by("-number").only("upto"))


def _way_of(snapshot: Snapshot) -> dict[str, Any]:
    return {name: getattr(snapshot, name) for name in WAY}


def _divide(snapshot: Snapshot, taken: Census) -> Division:
    first = together(*taken.ties)
    heads = np.flatnonzero(first == np.arange(len(first), dtype=np.int32)).astype(np.int32)
    pinned = taken.of("pinned")
    least, greatest = over_groups(first, pinned)
    if (torn := np.flatnonzero((least != greatest)[first])).size:
        raise _two_sides(taken, first, torn)
    # A group that has grown together from two sides goes to the one that models have seen most: what was in training
    # may leave a comparison, but must never come into one.
    kept, _ = over_groups(first, taken.of("kept"))
    names = sorted(taken.strata)
    rank = np.empty(len(names), dtype=np.int32)
    rank[[taken.strata[name] for name in names]] = np.arange(len(names))
    sides = np.empty(len(first), dtype=np.int8)
    sides[heads] = divide(
        taken.grouped[heads], rank[taken.of("stratum")[heads]], shares=Shares(**snapshot.shares), seed=snapshot.seed,
        kept=kept[heads], pinned=least[heads],
        traits=[name.split(TAGS) for name in names] if snapshot.stratify_by == "tag" and len(names) <= KINDS else (),
    )  # fmt: skip
    side = sides[first]
    before = taken.of("kept")
    moved = (before != NOWHERE) & (before != side) & (pinned == NOWHERE)  # a pin is somebody's own wish
    group = taken.question  # a group's samples have the same one, unless something else was asked for
    if snapshot.group_by:
        group = Numbers("Q")
        group.take(taken.grouped[first])
    followed = (least[first] != NOWHERE) & (pinned == NOWHERE)
    largest = int(np.bincount(first).max())
    return Division(side, group, len(heads), largest, int(moved.sum()), int(followed.sum()))


def _two_sides(taken: Census, first: Column, torn: Column) -> _Refused:
    """The refusal of a group that was imported for two sides, naming one sample of each."""
    group = np.flatnonzero(first == first[torn[0]])
    pinned, position = taken.of("pinned")[group].tolist(), taken.of("position")[group].tolist()
    named: dict[int, int] = {}
    for number, at in zip(pinned, position, strict=True):
        if number != NOWHERE:
            named.setdefault(number, at)
    listed = Listed(f"{position:04d} ({SIDES[side]})" for side, position in sorted(named.items()))
    return _Refused(
        "pinned-twice",
        Text(
            "These samples belong together, but were imported for different sides: {samples}. Keep one of them.",
            samples=listed,
        ),
    )


def _write(
    snapshot: Snapshot, key: str, taken: Census, contents: BinaryIO, division: Division, mixed: mixing.Mixed
) -> str:
    """Insert every entry; returns the sha256 over one line `position content_hash split` per entry, in order."""
    digest = hashlib.sha256()
    contents.seek(0)
    owner = snapshot.pk.hex  # as text: its hash is looked up a million times
    for start in range(0, len(taken), CHUNK):
        some = _numbers(start)
        positions = some(taken.position)
        names = [SIDES[side] for side in division.side[start : start + CHUNK].tolist()]
        # A million times: so by functions of C, not by a loop of Python. And 0 and 1 for bools, which both databases
        # take: the driver on SQLite looks for an adapter for each bool, which takes as long as storing three numbers.
        columns = zip(
            repeat(owner), some(taken.sample), some(taken.revision), positions, names,
            _pieces(division.group.some(start, start + CHUNK).astype(">u8").tobytes(), 8), some(taken.worst), repeat(0),
            some(taken.pair), some(taken.negative), strict=False,
        )  # fmt: skip
        _insert(snapshot, key, list(columns))
        hashes = _pieces(contents.read(32 * len(positions)), 32)
        digest.update("".join(map("{} {} {}\n".format, positions, hashes, names)).encode())
    name = SIDES[TRAIN]
    for start in range(0, len(mixed), CHUNK):
        some = _numbers(start)
        said = mixing.hashes(contents, some(mixed.place))
        rows = zip(
            range(snapshot.upto + start + 1, snapshot.upto + len(mixed) + 1), some(mixed.sample), some(mixed.revision),
            map("mixed {:016x}".format, some(mixed.question)), some(mixed.worst), strict=False,
        )  # fmt: skip
        more = [
            (owner, sample, revision, position, name, group, worst, 1, 0, 0)
            for position, sample, revision, group, worst in rows
        ]
        digest.update("".join(f"{row[3]} {content} {name}\n" for row, content in zip(more, said, strict=True)).encode())
        _insert(snapshot, key, more)
    return digest.hexdigest()


def _numbers(start: int) -> Callable[[Numbers], list[int]]:
    """What takes a chunk of a column, from `start` on."""
    return lambda column: column.some(start, start + CHUNK).tolist()  # type: ignore[no-any-return]


def _pieces(content: bytes, size: int) -> list[str]:
    """The hex digits of each `size` bytes."""
    digits = content.hex()
    return [digits[at : at + 2 * size] for at in range(0, len(digits), 2 * size)]


def _insert(snapshot: Snapshot, key: str, values: list[Any]) -> None:
    def insert() -> None:
        with transaction.atomic():
            _hold(snapshot, key)
            bulk.insert(SnapshotEntry, ENTRY_COLUMNS, values, ready=True)

    past_deadlocks(insert)

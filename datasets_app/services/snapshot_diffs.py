"""Two snapshots of one dataset compared: counts first, then lists by keyset; contents only for the rows on screen."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from uuid import UUID

from django.core.cache import cache
from django.db.models import Exists, OuterRef, QuerySet

from datasets_app.core import samples, snapshot_diff
from datasets_app.core.snapshot_diff import KINDS, SETTINGS, Setting, Turn, turns
from datasets_app.models import Revision, Snapshot, SnapshotEntry
from datasets_app.models.snapshot import SnapshotState
from ftstudio.errors import Conflict, InvalidInput, Listed, Text
from ftstudio.web.pagination import Page, keyset

BLOCK = 5000  # positions that are compared at once

__all__ = ["KINDS", "Line", "against", "counts", "lines", "page", "settings"]


@dataclass(frozen=True, slots=True)
class Line:
    """A sample that differs: its place and title, its sides before and after ("" where it was not in it)."""

    position: int
    sample: int
    title: str
    before: str
    after: str
    turns: list[Turn]


def against(snapshot: Snapshot, other: str = "") -> Snapshot | None:
    """The snapshot to compare with: the one named, else the newest that was ready before; None where there is none.

    Raises InvalidInput for one of another dataset, Conflict `not_ready` for one that is not built.
    """
    ready = Snapshot.objects.filter(dataset=snapshot.dataset_id, state=SnapshotState.READY)
    if snapshot.state != SnapshotState.READY:
        raise Conflict(Text("The snapshot is not built yet; wait until it is ready."), code="not_ready")
    if not other:
        return ready.filter(number__lt=snapshot.number).order_by("-number").first()
    try:
        found = ready.filter(pk=UUID(other)).first()
    except ValueError:
        found = None
    if found is None:
        raise InvalidInput(against=Text("Compare with a ready snapshot of the same dataset."))
    return found


def counts(snapshot: Snapshot, before: Snapshot) -> dict[str, int]:
    """How many samples of the dataset's own were added, removed, changed and moved."""
    return {kind: sum(blocks.values()) for kind, blocks in _blocks(snapshot, before).items()}


def settings(snapshot: Snapshot, before: Snapshot) -> list[Setting]:
    """What is frozen beside the samples and is not the same: contract, prompt, guideline, and how it was divided."""
    was, now = ({name: getattr(one, name) for name in SETTINGS} for one in (before, snapshot))
    return snapshot_diff.settings(was, now)


def page(snapshot: Snapshot, before: Snapshot, kind: str, cursor: str = "", size: int = 20) -> Page:
    """One screen of entries that differ in this way, by position. Raises InvalidInput for an unknown kind.

    Looks only into stretches of positions where something differs: as quick in the middle of a million as at its start.
    """
    if kind not in KINDS:
        raise InvalidInput(kind=Text("“{name}” is none of {known}.", name=kind[:60], known=Listed(KINDS)))
    rows = _rows(snapshot, before, kind).select_related("sample")
    keyset(rows.none(), cursor=cursor, size=size, key="position")  # refuses a cursor that is not ours
    found: list[SnapshotEntry] = []
    back, start = cursor.startswith("<"), int(cursor[1:] or 0)
    for block in sorted(_blocks(snapshot, before)[kind], reverse=back):
        first, last = block * BLOCK, block * BLOCK + BLOCK - 1
        if cursor and (first >= start if back else last <= start):
            continue
        here = rows.filter(position__gte=first, position__lte=last)
        if cursor:
            here = here.filter(position__lt=start) if back else here.filter(position__gt=start)
        found += here.order_by("-position" if back else "position")[: size + 1 - len(found)]
        if len(found) > size:
            break
    return _cut(found, size, cursor, back)


def _cut(rows: list[SnapshotEntry], size: int, cursor: str, back: bool) -> Page:
    """The page of at most one row more than is shown."""
    more = len(rows) > size
    shown = rows[:size][::-1] if back else rows[:size]
    if not shown:
        return Page([], "", "")
    earlier, later = (more, bool(cursor)) if back else (bool(cursor), more)
    return Page(shown, f"<{shown[0].position}" if earlier else "", f">{shown[-1].position}" if later else "")


def _blocks(snapshot: Snapshot, before: Snapshot) -> dict[str, dict[int, int]]:
    """kind → block of positions → how many differ there. Snapshots never change, so it is found once and kept."""
    name = f"snapshot-diff-{before.pk.hex}-{snapshot.pk.hex}"
    kept: dict[str, dict[int, int]] | None = cache.get(name)
    if kept is None:
        kept = {kind: {} for kind in KINDS}
        if (snapshot.content_hash, snapshot.upto) != (before.content_hash, before.upto):
            for block in range(max(snapshot.upto, before.upto) // BLOCK + 1):
                for kind, n in _compared(_block(before, block), _block(snapshot, block)).items():
                    kept[kind][block] = n
        cache.set(name, kept, None)
    return kept


def _block(snapshot: Snapshot, block: int) -> dict[int, tuple[int, str]]:
    """position → (revision, side)."""
    entries = SnapshotEntry.objects.filter(
        snapshot=snapshot, mixed=False, position__gte=block * BLOCK, position__lt=(block + 1) * BLOCK
    )
    return {at: (revision, side) for at, revision, side in entries.order_by().values_list(
        "position", "revision_id", "split")}  # fmt: skip


def _compared(old: dict[int, tuple[int, str]], new: dict[int, tuple[int, str]]) -> Counter[str]:
    """How many positions of two blocks differ, by kind; contents are looked at where revisions differ."""
    if old == new:
        return Counter()
    both = [(old[at], new[at]) for at in old.keys() & new.keys() if old[at] != new[at]]
    revised = [(was[0], now[0]) for was, now in both if was[0] != now[0]]
    contents = dict(
        Revision.objects.filter(pk__in={pk for pair in revised for pk in pair})
        .order_by()
        .values_list("pk", "content_hash")
        if revised
        else ()
    )
    found = Counter(
        added=len(new.keys() - old.keys()),
        removed=len(old.keys() - new.keys()),
        changed=sum(contents[was] != contents[now] for was, now in revised),
        moved=sum(was[1] != now[1] for was, now in both),
    )
    return +found


def lines(snapshot: Snapshot, before: Snapshot, kind: str, entries: list[SnapshotEntry]) -> list[Line]:
    """The entries of a page with what changed in them; the contents of changed ones are read, of others not."""
    other = dict(
        SnapshotEntry.objects.filter(snapshot=before, mixed=False, position__in=[one.position for one in entries])
        .order_by()
        .values_list("position", "revision_id")
    )
    sides = dict(
        SnapshotEntry.objects.filter(snapshot=before, mixed=False, position__in=list(other))
        .order_by()
        .values_list("position", "split")
    )
    contents: dict[int, str] = {}
    if kind == "changed":
        wanted = [*other.values(), *(one.revision_id for one in entries)]
        contents = dict(Revision.objects.filter(pk__in=wanted).order_by().values_list("pk", "payload"))
    found = []
    for one in entries:
        changed: list[Turn] = []
        if kind == "changed":
            old, new = contents[other[one.position]], contents[one.revision_id]
            changed = turns(samples.from_json(old), samples.from_json(new))
        gone = kind == "removed"
        was = one.split if gone else sides.get(one.position, "")
        found.append(Line(one.position, one.sample_id, one.sample.title, was, "" if gone else one.split, changed))
    return found


def _rows(snapshot: Snapshot, before: Snapshot, kind: str) -> QuerySet[SnapshotEntry]:
    """Entries of `snapshot` (of `before` for removed ones). Each looks up its counterpart by snapshot and position."""
    here, there = (before, snapshot) if kind == "removed" else (snapshot, before)
    rows = SnapshotEntry.objects.filter(snapshot=here, mixed=False).order_by()
    twin = SnapshotEntry.objects.filter(snapshot=there, mixed=False, position=OuterRef("position")).order_by()
    if kind in ("added", "removed"):
        return rows.filter(~Exists(twin))
    if kind == "moved":
        return rows.filter(Exists(twin.exclude(split=OuterRef("split"))))
    # Another revision is nearly always another content; the contents are compared where revisions differ.
    other = twin.exclude(revision=OuterRef("revision")).exclude(
        revision__content_hash=OuterRef("revision__content_hash")
    )
    return rows.filter(Exists(other))

"""Two snapshots of one dataset compared: counts first, then lists by keyset; contents only for the rows on screen."""

from __future__ import annotations

from dataclasses import dataclass

from django.core.cache import cache
from django.db.models import Exists, OuterRef, QuerySet

from datasets_app.core import samples
from datasets_app.core.snapshot_diff import KINDS, Turn, turns
from datasets_app.models import Revision, Snapshot, SnapshotEntry
from datasets_app.models.snapshot import SnapshotState
from ftstudio.errors import Conflict, InvalidInput, Listed, Text
from ftstudio.web.pagination import Page, keyset

__all__ = ["KINDS", "Line", "against", "counts", "lines", "page"]


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
    found = next((one for one in ready if str(one.pk) == other), None)
    if found is None:
        raise InvalidInput(against=Text("Compare with a ready snapshot of the same dataset."))
    return found


def counts(snapshot: Snapshot, before: Snapshot) -> dict[str, int]:
    """How many samples of the dataset's own were added, removed, changed and moved; never changes, so it is kept."""
    name = f"snapshot-diff-{before.content_hash[:24]}-{before.pk.hex}-{snapshot.pk.hex}"
    kept: dict[str, int] | None = cache.get(name)
    if kept is None:
        kept = {kind: _rows(snapshot, before, kind).count() for kind in KINDS}
        cache.set(name, kept, None)
    return kept


def page(snapshot: Snapshot, before: Snapshot, kind: str, cursor: str = "", size: int = 20) -> Page:
    """One screen of entries that differ in this way, by position. Raises InvalidInput for an unknown kind."""
    if kind not in KINDS:
        raise InvalidInput(kind=Text("“{name}” is none of {known}.", name=kind[:60], known=Listed(KINDS)))
    return keyset(_rows(snapshot, before, kind).select_related("sample"), cursor=cursor, size=size, key="position")


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

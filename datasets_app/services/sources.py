"""Where samples came from that no file and no person brought: read for a sample, a snapshot, a piece of work."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from datasets_app.models import RevisionSource, Snapshot, SnapshotEntry
from ftstudio.errors import Text
from ftstudio.web.texts import from_line

AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Came:
    """`n` samples of a snapshot came from the same piece of work; `says` is a sentence about it, `path` its page."""

    says: Text | str
    path: str
    n: int


def of_snapshot(snapshot: Snapshot) -> list[Came]:
    """What the snapshot holds because it came back from somewhere, the newest first: a sample counts from the revision
    on that came back."""
    rows = RevisionSource.objects.filter(dataset=snapshot.dataset_id, at__lte=snapshot.created_at).order_by("-id")
    brought = list(rows.values_list("sample__position", "revision__number", "says", "path"))
    held = dict(_numbers(snapshot, {position for position, *_ in brought}))
    counted = Counter(
        (says, path) for position, number, says, path in brought if held.get(position, 0) >= number
    )  # fmt: skip
    return [Came(from_line(says), path, n) for (says, path), n in counted.items()]


def _numbers(snapshot: Snapshot, positions: Iterable[int]) -> Iterator[tuple[int, int]]:
    """(position, number of the frozen revision) of these samples, as far as the snapshot holds them."""
    wanted = sorted(positions)
    entries = SnapshotEntry.objects.filter(snapshot=snapshot, mixed=False).order_by()
    for at in range(0, len(wanted), AT_ONCE):
        here = entries.filter(position__in=wanted[at : at + AT_ONCE])
        yield from here.values_list("position", "revision__number")

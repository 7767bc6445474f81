"""A sample's way from one state to another, as `core.workflow` allows it, in the caller's transaction."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

from datasets_app.models import Sample, SampleTag
from datasets_app.models.sample import Status

COLUMNS = ("status", "leased_by", "leased_until", "shown_at", "assigned_to", "changed_by", "changed_at")
Counted = Counter[tuple[str, str]]  # as DatasetCount.add takes them


def move(sample: Sample, to: str, *, by: Any, counted: Counted, back_to: Any = None) -> None:
    """Change the state of a sample whose row is locked, and let go of its lease. `by` and `back_to` are people's ids.

    A sample that is sent back is assigned to `back_to`; one that was, and has its answer now, to nobody any more.
    What changes in the dataset's counters is added to `counted`.
    """
    if sample.status != to:
        counted.update({("status", sample.status): -1, ("status", str(to)): 1})
    if to == Status.SENT_BACK:
        sample.assigned_to_id = back_to
    elif sample.status == Status.SENT_BACK:
        sample.assigned_to_id = None
    sample.status = str(to)
    sample.leased_by_id, sample.leased_until, sample.shown_at, sample.changed_by_id = None, None, None, by
    sample.save(update_fields=COLUMNS)


def set_tags(sample: Sample, wanted: Iterable[str], counted: Counted) -> None:
    """Give a sample whose row is locked exactly these tags, which are stored as they are."""
    rows = SampleTag.objects.filter(sample=sample)
    before = set(rows.values_list("name", flat=True))
    gone, new = before - set(wanted), set(wanted) - before
    if gone:
        rows.filter(name__in=gone).delete()
    if new:
        SampleTag.objects.bulk_create(
            SampleTag(dataset_id=sample.dataset_id, sample=sample, name=name) for name in sorted(new)
        )
    counted.update(("tag", name) for name in new)
    counted.subtract(("tag", name) for name in gone)

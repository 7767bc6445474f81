"""The sample list: filters from a closed set, keyset pages over narrow columns, totals from kept counters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from django.db import connections

from datasets_app.models import Dataset, DatasetCount, Sample
from datasets_app.pipeline import walking
from datasets_app.pipeline.selecting import FEW, Filters, kept, narrowed
from ftstudio.web.pagination import Page, keyset, position_of

from . import ordering
from .ordered_rows import OrderedRows
from .planned_rows import PlannedRows

__all__ = ["COUNTED", "Filters", "count", "narrowed", "page", "total"]

COLUMNS = (
    "pk", "dataset_id", "position", "status", "split", "tokens", "worst", "findings_total", "has_rejected", "label",
    "cluster", "title", "snippet", "revision_number", "changed_at", "leased_by_id", "leased_until", "changed_by_id",
    "assigned_to_id", "comments_open", "upload_id", "trashed_from",
)  # fmt: skip
COUNTED = 10_000  # up to here a list is counted when no kept counter knows its size


def page(*, dataset: Dataset, filters: Filters, cursor: str = "", size: int = 50, order: str = "") -> Page:
    """One screen of samples, by position or in another of `ordering.NAMES`, with narrow columns only.

    Nothing is counted, sorted or read beyond it. Raises InvalidInput for an order or a cursor that is not ours.
    """
    order = ordering.checked(order)
    if order.removeprefix("-") in ordering.ORDERS:
        first = _rows(dataset, filters.ways(), COLUMNS)
        return ordering.page(first, order=order, cursor=cursor, size=size)
    falling = bool(order)
    beyond = position_of(cursor)
    back = cursor.startswith("<") != falling
    keys = walking.screen(dataset, filters, beyond=beyond, back=back, size=size + 1)
    if keys is None and (there := _by_number(dataset, filters.ways())):
        after = None if beyond is None else (beyond, beyond)
        keys = [row.pk for row in there(ordering.NUMBER, back, after, size + 1)]
    rows = narrowed(dataset, filters) if keys is None else Sample.objects.filter(pk__in=keys)
    found = keyset(rows.only(*COLUMNS), cursor=cursor, size=size, key="position", newest_first=falling)
    return Page(found.rows, found.earlier, found.later)


def _by_number(dataset: Dataset, ways: Filters) -> ordering.First | None:
    """What finds a screen by number; None where the index of a column's value names what passes in order."""
    if ways.where:
        return _rows(dataset, ways, ("pk",))
    if not _on_sqlite():  # which walks along rules and tags
        return _rows(dataset, ways, ("pk",)) if ways.rule or ways.tag else None
    if ways.q or len(ways.chosen()) < 2 or min(kept(dataset, ways).values(), default=0) <= FEW:
        return None
    return _rows(dataset, ways, ("pk",))


def _rows(dataset: Dataset, filters: Filters, columns: Sequence[str]) -> ordering.First:
    return (OrderedRows if _on_sqlite() else PlannedRows)(dataset, filters, columns)


def _on_sqlite() -> bool:
    return connections[Sample.objects.db].vendor == "sqlite"


def total(*, dataset: Dataset, filters: Filters, counted: Mapping[str, Mapping[str, int]] | None = None) -> int | None:
    """How many samples pass, when a kept counter knows: with no filter, or one but text and cluster. Else None.

    `counted` are the counters (`datasets.counts`), where they and the dataset have just been read.
    """
    chosen = filters.ways().chosen()
    if not chosen:
        fresh = Dataset.objects.values_list("samples_total", flat=True)
        return fresh.get(pk=dataset.pk) if counted is None else dataset.samples_total
    if len(chosen) > 1 or not chosen.keys().isdisjoint(("q", "cluster", "where")):
        return None
    [(kind, key)] = chosen.items()
    if counted is not None and kind in counted:
        return counted[kind].get(key, 0)
    counter = DatasetCount.objects.filter(dataset=dataset, kind=kind, key=key)
    return counter.values_list("n", flat=True).first() or 0


def count(*, dataset: Dataset, filters: Filters) -> int | None:
    """How many samples pass: by a kept counter, else counted one by one up to COUNTED; None for more."""
    known = total(dataset=dataset, filters=filters)
    if known is not None:
        return known
    seen = len(narrowed(dataset, filters).order_by().values_list("pk", flat=True)[: COUNTED + 1])
    return seen if seen <= COUNTED else None

"""The sample list: filters from a closed set, keyset pages over narrow columns, totals from kept counters."""

from __future__ import annotations

from datasets_app.models import Dataset, DatasetCount, Sample
from datasets_app.pipeline import walking
from datasets_app.pipeline.selecting import Filters, narrowed
from ftstudio.web.pagination import Page, keyset, position_of

__all__ = ["Filters", "narrowed", "page", "total"]

COLUMNS = (
    "pk", "dataset_id", "position", "status", "split", "tokens", "worst", "findings_total", "has_rejected", "label",
    "cluster", "title", "snippet", "revision_number", "changed_at", "leased_by_id", "leased_until",
)  # fmt: skip


def page(*, dataset: Dataset, filters: Filters, cursor: str = "", size: int = 50) -> Page:
    """One screen of samples by position, with narrow columns only. Nothing is counted, sorted or read beyond it."""
    beyond = position_of(cursor)
    keys = walking.screen(dataset, filters, beyond=beyond, back=cursor.startswith("<"), size=size + 1)
    rows = narrowed(dataset, filters) if keys is None else Sample.objects.filter(pk__in=keys)
    return keyset(rows.only(*COLUMNS), cursor=cursor, size=size, key="position")


def total(*, dataset: Dataset, filters: Filters) -> int | None:
    """How many samples pass, when a kept counter knows: with no filter, or one but text and cluster. Else None."""
    chosen = filters.ways().chosen()
    if not chosen:
        return Dataset.objects.values_list("samples_total", flat=True).get(pk=dataset.pk)
    if len(chosen) > 1 or not chosen.keys().isdisjoint(("q", "cluster", "where")):
        return None
    [(kind, key)] = chosen.items()
    counter = DatasetCount.objects.filter(dataset=dataset, kind=kind, key=key)
    return counter.values_list("n", flat=True).first() or 0
